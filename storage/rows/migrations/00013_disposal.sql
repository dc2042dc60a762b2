-- +goose Up

-- Where the film of each clip stands on its way to its end. What is written here follows
-- from the family's statements and may be worked out again from them at any time; it only
-- says when to look next. 2^53 where time alone changes nothing.
CREATE TABLE disposals (
	clip    TEXT   PRIMARY KEY REFERENCES clips (id) DEFERRABLE INITIALLY DEFERRED,
	family  TEXT   NOT NULL,
	state   TEXT   NOT NULL CHECK (state IN ('live', 'marked', 'destroying', 'destroyed', 'verified')),
	fate    TEXT   NOT NULL,           -- of what is live, as policies name it
	due     BIGINT NOT NULL,           -- when the sweeper looks next
	uploads BIGINT NOT NULL DEFAULT 0  -- unfinished ones that were ended
);
CREATE INDEX disposals_due ON disposals (due) WHERE state = 'live';
CREATE INDEX disposals_next ON disposals (state, due) WHERE state <> 'live';
CREATE INDEX disposals_waiting ON disposals (fate) WHERE state = 'live' AND fate IN ('due', 'review', 'held');

-- What was found of an object before it was deleted: a certificate that was cut short still
-- names every version.
CREATE TABLE disposal_versions (
	clip    TEXT   NOT NULL REFERENCES disposals (clip),
	version TEXT   NOT NULL,
	bytes   BIGINT NOT NULL,
	marker  BIGINT NOT NULL CHECK (marker IN (0, 1)),
	PRIMARY KEY (clip, version)
);

-- Families whose dates are to be worked out anew, because something was said that may move
-- one.
CREATE TABLE reckonings (
	record TEXT PRIMARY KEY
);
INSERT INTO reckonings (record) SELECT id FROM records WHERE kind = 'family';

-- The sweeper's own row: how much film is live, and what the clock said at its last run.
CREATE TABLE sweeper (
	id      BIGINT PRIMARY KEY CHECK (id = 1),
	live    BIGINT NOT NULL,
	wall    BIGINT NOT NULL,           -- 0 before the first run
	running BIGINT NOT NULL,           -- of the machine since it started, in microseconds
	boot    TEXT   NOT NULL
);
INSERT INTO sweeper (id, live, wall, running, boot) VALUES (1, 0, 0, 0, '');


-- +goose Down
SELECT 1;
