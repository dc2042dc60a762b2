-- +goose Up

-- How often something beside a record's statements was deleted. Whoever keeps a copy of
-- what lies in the tables sees here, in the snapshot that it answers from, that the copy is
-- not current. It is counted where nobody who deletes can forget it, the sweeper of another
-- process neither; a failed transaction takes it back.
CREATE TABLE erasures (
	record TEXT   PRIMARY KEY,
	n      BIGINT NOT NULL
);

-- +goose StatementBegin
CREATE TRIGGER attachments_deleted AFTER DELETE ON attachments BEGIN
	INSERT INTO erasures (record, n) SELECT record, 1 FROM statements WHERE id = OLD.statement
	ON CONFLICT (record) DO UPDATE SET n = n + 1;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER attachments_changed AFTER UPDATE ON attachments BEGIN
	INSERT INTO erasures (record, n) SELECT record, 1 FROM statements WHERE id = OLD.statement
	ON CONFLICT (record) DO UPDATE SET n = n + 1;
END;
-- +goose StatementEnd

-- +goose Down
SELECT 1;
