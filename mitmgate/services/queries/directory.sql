-- What the workers' directory and the start of the gateway read and write. The admin API's queries are in admin.sql.

-- name: directory_version
-- The version the tables are at. Versions are committed in order, so no lower one can appear later.
SELECT coalesce(max(version), 0) FROM tenants;

-- name: tenants
-- Every tenant that is not deleted, as tenant_from_row reads it.
SELECT * FROM tenants WHERE deleted_at IS NULL ORDER BY id;

-- name: tenants_keys
-- The keys of every tenant that is not deleted, by tenant, as key_from_row reads them; those that can still be used.
SELECT api_keys.*
FROM api_keys JOIN tenants ON tenants.id = tenant_id
WHERE deleted_at IS NULL AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
ORDER BY tenant_id, api_keys.id;

-- name: tenant
-- One tenant, deleted or not. $1 its id.
SELECT * FROM tenants WHERE id = $1;

-- name: tenants_changed
-- What changed after a version, deleted tenants too, in the order it was committed. $1 the version, $2 how many at most.
SELECT * FROM tenants WHERE version > $1 ORDER BY version LIMIT $2;

-- name: keys_of_tenants
-- Those tenants' keys that can still be used. $1 their ids.
SELECT * FROM api_keys
WHERE tenant_id = ANY ($1) AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
ORDER BY tenant_id, id;

-- name: tenant_version
-- The tenant's version, after a change in the same transaction: what the workers are to hold. $1 its id.
SELECT version FROM tenants WHERE id = $1;

-- name: has_tenants
-- Whether any tenant but the demo's exists.
SELECT EXISTS (SELECT FROM tenants WHERE deleted_at IS NULL AND NOT is_demo);

-- name: lock_directory
-- Holds every other writer of tenants and keys off until the end of the transaction. The triggers do it by themselves;
-- this is for who must read and then write.
SELECT pg_advisory_xact_lock(6077, 1);

-- name: ensure_demo_tenant
-- The demo tenant's id; makes it where it is missing, and points it to where the mock upstream is now.
-- $1 name, $2 backend_url, $3 rate_limit_per_hour.
WITH known AS (
    UPDATE tenants SET backend_url = $2 WHERE is_demo AND deleted_at IS NULL RETURNING id
), made AS (
    INSERT INTO tenants (name, backend_url, rate_limit_per_hour, is_demo, allow_private_upstream)
    SELECT $1, $2, $3, true, true WHERE NOT EXISTS (SELECT FROM known)
    RETURNING id
)
SELECT id FROM known UNION ALL SELECT id FROM made;

-- name: ensure_demo_key
-- Gives the demo tenant its well-known key, again if it had been revoked. $1 tenant id, $2 name, $3 prefix, $4 hash.
-- An insert that meets what is there would use an id up at each start.
WITH known AS (
    UPDATE api_keys SET tenant_id = $1, revoked_at = NULL, expires_at = NULL WHERE hash = $4 RETURNING id
)
INSERT INTO api_keys (tenant_id, name, prefix, hash)
SELECT $1, $2, $3, $4 WHERE NOT EXISTS (SELECT FROM known);
