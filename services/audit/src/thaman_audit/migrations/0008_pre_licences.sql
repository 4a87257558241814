-- Looks at the catalogue that showed a running sale: what the ledger of discount licences asks for. A store without
-- sales has nothing in it.
CREATE INDEX ledger_on_sale ON ledger (store_id, seq)
WHERE type = 'thaman.onboarding.CatalogObserved.v1' AND position('"sale_running":true'::bytea IN data) > 0;
