-- +goose Up

-- The first leaf of the log that is still here. Older ones were pruned by whole bundles
-- of 256; their hashes stand in the tiles.
ALTER TABLE authority ADD COLUMN kept BIGINT NOT NULL DEFAULT 0;

-- Leaves that were pruned as events and stay as receipts of what is still here.
CREATE TABLE kept_leaves (
	n    BIGINT PRIMARY KEY,
	leaf BLOB   NOT NULL
);

-- What the log has said, it has said. Whoever can write to the file can take these away
-- first, and is found by the signature; nobody does it by mistake.
-- +goose StatementBegin
CREATE TRIGGER events_unchanged BEFORE UPDATE ON events BEGIN
	SELECT RAISE(ABORT, 'an event of the access log is never changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER events_kept BEFORE DELETE ON events WHEN OLD.n >= (SELECT kept FROM authority WHERE id = 1) BEGIN
	SELECT RAISE(ABORT, 'an event of the access log is deleted by pruning only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER tiles_unchanged BEFORE UPDATE ON tiles BEGIN
	SELECT RAISE(ABORT, 'a hash of the access log is never changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER tiles_kept BEFORE DELETE ON tiles BEGIN
	SELECT RAISE(ABORT, 'a hash of the access log is never deleted');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER checkpoints_unchanged BEFORE UPDATE ON checkpoints BEGIN
	SELECT RAISE(ABORT, 'a checkpoint is never changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER checkpoints_kept BEFORE DELETE ON checkpoints BEGIN
	SELECT RAISE(ABORT, 'a checkpoint is never deleted');
END;
-- +goose StatementEnd

-- Pruning goes forward, by whole bundles, and never past the last whole one.
-- +goose StatementBegin
CREATE TRIGGER pruned_by_bundles BEFORE UPDATE OF kept ON authority
WHEN NEW.kept < OLD.kept OR NEW.kept % 256 <> 0 OR NEW.kept > NEW.size BEGIN
	SELECT RAISE(ABORT, 'the access log is pruned by whole bundles, from its beginning');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER log_grows BEFORE UPDATE OF size ON authority WHEN NEW.size < OLD.size BEGIN
	SELECT RAISE(ABORT, 'the access log only grows');
END;
-- +goose StatementEnd

-- +goose Down
SELECT 1;
