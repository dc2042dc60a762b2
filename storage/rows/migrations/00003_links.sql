-- +goose Up

-- When a page was opened: a reload soon after it is the same opening. Pages that
-- were open before this column have 0, which is long ago.
ALTER TABLE link_sessions ADD COLUMN opened BIGINT NOT NULL DEFAULT 0;

-- A new PIN ends every page that was opened with the one before it.
CREATE INDEX link_sessions_by_token ON link_sessions (token);

-- +goose Down
SELECT 1;
