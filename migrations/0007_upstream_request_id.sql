-- The vendor's own id of a request, which its support asks for. Nearly every row has one and few are looked for, so the
-- index is a hash: it takes half the room of a B-tree over such ids, and a row costs one entry of fixed size.
ALTER TABLE usage ADD COLUMN upstream_request_id text;
CREATE INDEX usage_upstream_request ON usage USING hash (upstream_request_id) WHERE upstream_request_id IS NOT NULL;
