-- +goose Up

-- The authority's own row. Every guarded transaction locks it first, so that all
-- writers stand in one order on every engine.
CREATE TABLE authority (
	id      BIGINT PRIMARY KEY CHECK (id = 1),
	org     TEXT   NOT NULL,
	history TEXT   NOT NULL,           -- random; a restored database starts a new one
	size    BIGINT NOT NULL            -- leaves in the access log
);
INSERT INTO authority (id, org, history, size) VALUES (1, '', '', 0);

-- One row per record: its head, and the folded state that made it.
CREATE TABLE records (
	id    TEXT   PRIMARY KEY,
	kind  TEXT   NOT NULL CHECK (kind IN ('org', 'family')),
	label TEXT   NOT NULL,             -- a family's reference, for search by people
	head  TEXT   NOT NULL,
	count BIGINT NOT NULL,
	state BLOB   NOT NULL
);

CREATE TABLE statements (
	id          TEXT   PRIMARY KEY,
	record      TEXT   NOT NULL REFERENCES records (id) DEFERRABLE INITIALLY DEFERRED,
	position    BIGINT NOT NULL,
	class       BIGINT NOT NULL,
	kind        TEXT   NOT NULL,
	raw         BLOB   NOT NULL,       -- the compact JWS as it was signed
	head        TEXT   NOT NULL,
	org_head    TEXT   NOT NULL,
	accepted_at BIGINT NOT NULL,
	log_index   BIGINT NOT NULL UNIQUE, -- the number of the change in the feed
	UNIQUE (record, position)          -- a record is a line, not a tree
);
CREATE INDEX statements_feed ON statements (record, log_index);

-- Numbers used per signing key, by accepted and by refused statements alike: a
-- gap is a lost statement, a second statement with one number is a clone.
CREATE TABLE numbers (
	signer    TEXT   NOT NULL,         -- the public key
	n         BIGINT NOT NULL,
	statement TEXT   NOT NULL,
	PRIMARY KEY (signer, n)
);

-- Deletable bytes beside statements.
CREATE TABLE attachments (
	statement TEXT NOT NULL REFERENCES statements (id),
	name      TEXT NOT NULL,
	sha256    TEXT NOT NULL,
	body      BLOB NOT NULL,
	PRIMARY KEY (statement, name)
);

-- Who receives which record. Written from Changes; a rule is asked all the same.
CREATE TABLE members (
	record TEXT   NOT NULL REFERENCES records (id) DEFERRABLE INITIALLY DEFERRED,
	staff  TEXT   NOT NULL,
	since  BIGINT NOT NULL,            -- log index of what let them in
	until  BIGINT,                     -- log index of what ended it
	PRIMARY KEY (record, staff, since)
);
CREATE INDEX members_staff ON members (staff);

-- The access log: leaves, and columns derived from them for search.
CREATE TABLE events (
	n       BIGINT PRIMARY KEY,        -- the index in the tree, from 0 without gaps
	leaf    BLOB   NOT NULL,
	hash    BLOB   NOT NULL,           -- RFC 6962 leaf hash
	at      BIGINT NOT NULL,
	action  TEXT   NOT NULL,
	outcome TEXT   NOT NULL,
	subject TEXT   NOT NULL,
	family  TEXT   NOT NULL,
	object  TEXT   NOT NULL,
	rules   TEXT   NOT NULL            -- ' VIEW-1 VIEW-2 ', so that LIKE finds one
);
CREATE INDEX events_family  ON events (family, n);
CREATE INDEX events_subject ON events (subject, n);
CREATE INDEX events_action  ON events (action, outcome, n);

CREATE TABLE tiles (
	level BIGINT NOT NULL,
	idx   BIGINT NOT NULL,
	data  BLOB   NOT NULL,
	PRIMARY KEY (level, idx)
);

CREATE TABLE checkpoints (
	size BIGINT PRIMARY KEY,
	note TEXT   NOT NULL
);

-- The only link between the log and a person or thing. Deleting a row leaves the
-- tree whole and the person gone.
CREATE TABLE pseudonyms (
	pseudonym TEXT PRIMARY KEY,
	kind      TEXT NOT NULL,
	subject   TEXT NOT NULL,
	UNIQUE (kind, subject)
);

-- Deletable free text of an event; the leaf commits to it.
CREATE TABLE details (
	n     BIGINT PRIMARY KEY REFERENCES events (n),
	nonce BLOB   NOT NULL,
	body  TEXT   NOT NULL
);

CREATE TABLE clips (
	id     TEXT   PRIMARY KEY,
	family TEXT   NOT NULL REFERENCES records (id) DEFERRABLE INITIALLY DEFERRED,
	author TEXT   NOT NULL,
	bytes  BIGINT NOT NULL,
	stored BIGINT NOT NULL CHECK (stored IN (0, 1))
);

CREATE TABLE uploads (
	id         TEXT   PRIMARY KEY,
	clip       TEXT   NOT NULL REFERENCES clips (id),
	staff      TEXT   NOT NULL,
	ref        TEXT   NOT NULL,        -- the object store's name of it
	length     BIGINT NOT NULL,
	done       BIGINT NOT NULL,        -- durable bytes
	hash       BLOB   NOT NULL,        -- SHA-256 so far, as the library marshals it
	state      TEXT   NOT NULL CHECK (state IN ('open', 'finalising', 'stored', 'ended')),
	expires    BIGINT NOT NULL
);
CREATE UNIQUE INDEX uploads_clip ON uploads (clip) WHERE state IN ('open', 'finalising'); -- one at a time

CREATE TABLE upload_parts (
	upload TEXT   NOT NULL REFERENCES uploads (id),
	at     BIGINT NOT NULL,
	bytes  BIGINT NOT NULL,
	etag   TEXT   NOT NULL,
	PRIMARY KEY (upload, at)
);

CREATE TABLE viewings (
	id       TEXT   PRIMARY KEY,       -- SHA-256 of what the device holds
	clip     TEXT   NOT NULL REFERENCES clips (id),
	staff    TEXT   NOT NULL,
	device   TEXT   NOT NULL,
	purpose  TEXT   NOT NULL,
	copy     BIGINT NOT NULL CHECK (copy IN (0, 1)),
	eighths  BIGINT NOT NULL,          -- one bit each, entered so far
	expires  BIGINT NOT NULL
);

CREATE TABLE links (
	token    TEXT   PRIMARY KEY,
	link     TEXT   NOT NULL UNIQUE,
	family   TEXT   NOT NULL REFERENCES records (id) DEFERRABLE INITIALLY DEFERRED,
	opened   BIGINT NOT NULL,          -- times
	wrong    BIGINT NOT NULL,          -- PINs since the last right one
	paused   BIGINT NOT NULL           -- until this time
);

CREATE TABLE link_sessions (
	id      TEXT   PRIMARY KEY,        -- SHA-256 of what the page holds
	token   TEXT   NOT NULL REFERENCES links (token),
	expires BIGINT NOT NULL
);

-- +goose Down
SELECT 1;
