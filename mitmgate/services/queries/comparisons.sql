-- How stored answers compare with what the upstream said (cache_comparisons). What reads them is in tune.sql.

-- name: insert_comparisons
-- Adds rows. $1 … $7 one array for each column; of the reasons, each row's joined by commas.
INSERT INTO cache_comparisons (tenant_id, request_id, created_at, kind, probability, agrees, reasons)
SELECT tenant_id, request_id, created_at, kind, probability, agrees, string_to_array(reasons, ',')
FROM unnest($1::bigint[], $2::uuid[], $3::timestamptz[], $4::text[], $5::real[], $6::boolean[], $7::text[])
    AS sent (tenant_id, request_id, created_at, kind, probability, agrees, reasons)
-- A purged tenant's rows do not come back.
WHERE NOT EXISTS (SELECT FROM tenants WHERE tenants.id = sent.tenant_id AND status = 'deleted' AND backend_url = '')
ON CONFLICT (tenant_id, request_id) DO NOTHING;

-- name: trim_comparisons
-- Removes tenants' comparisons that are old, and the oldest of too many. $1 the tenants, $2 the first time to keep, $3 how
-- many of a tenant may stay.
WITH kept AS MATERIALIZED (  -- once for each tenant, not for each row
    SELECT id, greatest($2::timestamptz, (
        SELECT created_at FROM cache_comparisons WHERE tenant_id = id ORDER BY created_at DESC OFFSET $3 - 1 LIMIT 1
    )) AS since
    FROM unnest($1::bigint[]) AS tenant (id)
)
DELETE FROM cache_comparisons USING kept WHERE tenant_id = kept.id AND created_at < kept.since;

-- name: purge_comparisons
-- Removes a tenant's comparisons. -> how many. $1 the tenant.
WITH gone AS (DELETE FROM cache_comparisons WHERE tenant_id = $1 RETURNING 1) SELECT count(*) FROM gone;
