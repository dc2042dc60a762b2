-- +goose Up

-- Attachments that came after their statement are changes of the feed, with the
-- index of their own event; one that came with it has none. Each index is that of
-- one event, so the column is unique where it is set.
ALTER TABLE attachments ADD COLUMN log_index BIGINT;
CREATE UNIQUE INDEX attachments_late ON attachments (log_index) WHERE log_index IS NOT NULL;

-- The end of an access is a change as well, and the newest change is asked for at
-- each pull.
CREATE INDEX members_until ON members (until);

-- +goose Down
SELECT 1;
