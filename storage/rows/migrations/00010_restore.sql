-- +goose Up

-- How many leaves of the log the last verified backup holds: what devices keep so that
-- they can say it again goes once it is among those.
ALTER TABLE authority ADD COLUMN durable BIGINT NOT NULL DEFAULT 0;

-- The first leaf of this history; -1 in a database that was never put back.
ALTER TABLE authority ADD COLUMN restored BIGINT NOT NULL DEFAULT -1;

-- Statements of the restriction ledger that could not be taken again when the database
-- was put back, because what they are about had not come back yet. They are taken in the
-- transaction that brings it.
CREATE TABLE owed (
	id       TEXT   PRIMARY KEY,
	record   TEXT   NOT NULL,
	at       BIGINT NOT NULL,           -- when it was accepted, before
	sealed   BLOB   NOT NULL            -- JSON: the statement, and what came with it
);

-- +goose Down
SELECT 1;
