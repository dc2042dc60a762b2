-- +goose Up

-- What feed cursors are sealed with. It is the database's own and not the server's:
-- the server's key is replaced, and every device's cursor must outlive that.
ALTER TABLE authority ADD COLUMN cursor_key TEXT NOT NULL DEFAULT '';
