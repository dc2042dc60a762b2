-- +goose Up

-- The name of the restriction ledger, which the ledger's first line says as well: a disk that
-- is not mounted, or is another one, is told from one that never had a ledger.
ALTER TABLE authority ADD COLUMN ledger TEXT NOT NULL DEFAULT '';

-- +goose Down
SELECT 1;
