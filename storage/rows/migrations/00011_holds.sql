-- +goose Up

-- What the object store has been told of legal holds. The record says what is held, and a
-- sweep goes by the record; this is the second lock on the same door. One row per clip whose
-- film is stored and that is held, or was.
CREATE TABLE mirrored_holds (
	clip   TEXT   PRIMARY KEY REFERENCES clips (id),
	family TEXT   NOT NULL,
	held   BIGINT NOT NULL CHECK (held IN (0, 1)), -- by the record, as it was last looked at
	since  BIGINT NOT NULL,                        -- when that changed
	synced BIGINT                                  -- when the object store was told; NULL until then
);
CREATE INDEX mirrored_holds_due ON mirrored_holds (since, clip) WHERE synced IS NULL;
CREATE INDEX mirrored_holds_family ON mirrored_holds (family, clip) WHERE held = 1;

-- +goose Down
SELECT 1;
