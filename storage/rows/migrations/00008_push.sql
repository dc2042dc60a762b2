-- +goose Up

-- What became of statements that were refused, until their author has it: a lost answer
-- is given again as it was. Of one that had waited the answer is a change of its author's
-- feed, with the index of the event that decided it.
CREATE TABLE outcomes (
	statement TEXT   PRIMARY KEY,
	staff     TEXT   NOT NULL,         -- the author
	reason    TEXT   NOT NULL,         -- why it was refused; '' for accepted
	rules     TEXT   NOT NULL,         -- that denied it
	at        BIGINT NOT NULL,
	log_index BIGINT
);
CREATE INDEX outcomes_feed ON outcomes (staff, log_index) WHERE log_index IS NOT NULL;
CREATE INDEX outcomes_index ON outcomes (log_index) WHERE log_index IS NOT NULL;
CREATE INDEX outcomes_at ON outcomes (at);

-- Statements that rest on something that has not arrived. They have taken their number
-- and are judged again with what is accepted in their record, or brings what they miss.
CREATE TABLE waiting (
	seq         INTEGER PRIMARY KEY,   -- in the order of arrival
	statement   TEXT   NOT NULL UNIQUE,
	signer      TEXT   NOT NULL,       -- the public key: how much of one device may wait is bounded
	record      TEXT   NOT NULL,
	awaits      TEXT   NOT NULL,       -- the statement that brings what is missing, as far as is known
	restriction BIGINT NOT NULL CHECK (restriction IN (0, 1)),
	raw         BLOB   NOT NULL,
	bytes       BIGINT NOT NULL,       -- with its attachments
	staff       TEXT   NOT NULL,       -- who brought it, on which device, from where
	device      TEXT   NOT NULL,
	request     TEXT   NOT NULL,
	address     TEXT   NOT NULL,
	until       BIGINT NOT NULL        -- when it lapses
);
CREATE INDEX waiting_signer ON waiting (signer);
CREATE INDEX waiting_awaits ON waiting (awaits);
CREATE INDEX waiting_until ON waiting (until);

CREATE TABLE waiting_attachments (
	statement TEXT NOT NULL REFERENCES waiting (statement) ON DELETE CASCADE,
	name      TEXT NOT NULL,
	body      BLOB NOT NULL,
	PRIMARY KEY (statement, name)
);

-- Whether a statement was refused is asked by its id.
CREATE INDEX numbers_statement ON numbers (statement);

-- +goose Down
SELECT 1;
