-- +goose Up

-- When something of a record next ends by its date, and how far that has been seen to.
-- One row per record; 2^53 where nothing ends. Written with the record's state.
CREATE TABLE dues (
	record TEXT   PRIMARY KEY REFERENCES records (id) DEFERRABLE INITIALLY DEFERRED,
	due    BIGINT NOT NULL,
	passed BIGINT NOT NULL            -- everything up to this time has ended
);
CREATE INDEX dues_due ON dues (due);

-- +goose Down
SELECT 1;
