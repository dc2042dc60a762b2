-- +goose Up

-- Attachments that came after their statement are changes of the feed, with the
-- index of their own event; one that came with it has none. Each index is that of
-- one event. The record stands beside it so that a first sync, which asks family by
-- family, does not go through everybody's.
ALTER TABLE attachments ADD COLUMN log_index BIGINT;
ALTER TABLE attachments ADD COLUMN record TEXT;
CREATE UNIQUE INDEX attachments_index ON attachments (log_index) WHERE log_index IS NOT NULL;
CREATE INDEX attachments_feed ON attachments (record, log_index) WHERE log_index IS NOT NULL;

-- The end of an access is a change as well, and the newest change is asked for at
-- each pull.
CREATE INDEX members_until ON members (until);

-- +goose Down
SELECT 1;
