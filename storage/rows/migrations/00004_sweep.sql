-- +goose Up

-- What has ended is swept in batches beside requests that wait for the
-- same writer: it must not go through everything that has not ended.
CREATE INDEX viewings_expires ON viewings (expires);
CREATE INDEX link_sessions_expires ON link_sessions (expires);

-- +goose Down
SELECT 1;
