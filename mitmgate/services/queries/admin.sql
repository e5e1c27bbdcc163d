-- What the admin API reads and writes. Versions and notifications are the triggers' work; a transaction that changes a
-- tenant or key takes lock_directory first, so that what it reads before it writes still holds when it does.

-- name: tenant_ids_page
-- Ids of tenants that are not deleted, in order. $1 after this id, $2 how many, $3 tags that each must have: the whole
-- tag, or what stands before its `=`.
SELECT id FROM tenants
WHERE deleted_at IS NULL AND id > $1 AND NOT EXISTS (
    SELECT FROM unnest($3::text[]) wanted
    WHERE NOT EXISTS (
        SELECT FROM jsonb_array_elements_text(CASE jsonb_typeof(tags) WHEN 'array' THEN tags ELSE '[]' END) tag
        WHERE tag = wanted OR starts_with(tag, wanted || '=')
    )
)
ORDER BY id LIMIT $2;

-- name: tenants_shown
-- Tenants that are not deleted with the prefixes of the keys that can be used. $1 their ids.
SELECT
    tenants.*,
    ARRAY(
        SELECT prefix FROM api_keys
        WHERE tenant_id = tenants.id AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
        ORDER BY api_keys.id
    ) AS key_prefixes
FROM tenants WHERE id = ANY ($1::bigint[]) AND deleted_at IS NULL ORDER BY id;

-- name: next_tenant_id
-- An id of its own for a tenant about to be made: its sealed credential is bound to it.
SELECT nextval(pg_get_serial_sequence('tenants', 'id'));

-- name: insert_tenant
-- A new tenant. $1 its id, then the columns in the order of TenantColumns. -> version
INSERT INTO tenants (
    id, name, backend_url, rate_limit_per_hour, allowed_models, default_model, model_aliases, upstream_format,
    allow_private_upstream, upstream_auth_header, upstream_auth_sealed, cache_mode, cache_ttl_s, cache_max_bytes,
    cache_max_temperature, cache_threshold, cache_max_wrong, cache_audit_share, upstream_retries, tags, status,
    blocked_until, block_reason
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
    $22, $23)
RETURNING version;

-- name: update_tenant
-- All of a tenant's columns, unless it changed since it was read. $1 its id, then TenantColumns, $24 the version read.
-- -> the new version
UPDATE tenants SET
    name = $2, backend_url = $3, rate_limit_per_hour = $4, allowed_models = $5, default_model = $6, model_aliases = $7,
    upstream_format = $8, allow_private_upstream = $9, upstream_auth_header = $10, upstream_auth_sealed = $11,
    cache_mode = $12, cache_ttl_s = $13, cache_max_bytes = $14, cache_max_temperature = $15, cache_threshold = $16,
    cache_max_wrong = $17, cache_audit_share = $18, upstream_retries = $19, tags = $20, status = $21,
    blocked_until = $22, block_reason = $23
WHERE id = $1 AND deleted_at IS NULL AND version = $24
RETURNING version;

-- name: block_tenant
-- Blocks. $1 the tenant, $2 for how many seconds (null: until unblocked), $3 why. -> version
UPDATE tenants SET
    status = 'blocked', blocked_until = now() + $2::bigint * interval '1 second', block_reason = $3
WHERE id = $1 AND deleted_at IS NULL RETURNING version;

-- name: unblock_tenant
-- Lifts the operator's block. $1 the tenant. -> version
UPDATE tenants SET status = 'active', blocked_until = NULL, block_reason = NULL
WHERE id = $1 AND deleted_at IS NULL RETURNING version;

-- name: delete_tenant
-- Marks as deleted, which ends its keys and frees its name. $1 the tenant. -> version
UPDATE tenants SET status = 'deleted', deleted_at = now(), blocked_until = NULL, block_reason = NULL
WHERE id = $1 AND deleted_at IS NULL RETURNING version;

-- name: tenant_exists
-- Whether there is such a tenant, not deleted. $1 its id.
SELECT EXISTS (SELECT FROM tenants WHERE id = $1 AND deleted_at IS NULL);

-- name: keys_page
-- A tenant's keys that are not revoked, in order. $1 the tenant, $2 after this id, $3 how many.
SELECT api_keys.*, is_demo
FROM api_keys JOIN tenants ON tenants.id = tenant_id
WHERE tenant_id = $1 AND revoked_at IS NULL AND api_keys.id > $2 ORDER BY api_keys.id LIMIT $3;

-- name: key_shown
-- One key that is not revoked, of a tenant that is not deleted. $1 the tenant, $2 the key.
SELECT api_keys.*, is_demo
FROM api_keys JOIN tenants ON tenants.id = tenant_id
WHERE tenant_id = $1 AND api_keys.id = $2 AND revoked_at IS NULL AND deleted_at IS NULL;

-- name: keys_found
-- Keys whose shown part begins so, ended ones and those of deleted tenants too, the newest first.
-- $1 the beginning, $2 how many.
SELECT api_keys.*, is_demo, tenants.name AS tenant_name, deleted_at IS NOT NULL AS tenant_deleted
FROM api_keys JOIN tenants ON tenants.id = tenant_id
WHERE starts_with(prefix, $1) ORDER BY api_keys.id DESC LIMIT $2;

-- name: insert_key
-- A new key. $1 tenant, $2 name, $3 prefix, $4 hash, $5 scopes, $6 limit an hour, $7 allowed models, $8 its end.
INSERT INTO api_keys (tenant_id, name, prefix, hash, scopes, rate_limit_per_hour, allowed_models, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
RETURNING *, (SELECT is_demo FROM tenants WHERE tenants.id = tenant_id) AS is_demo;

-- name: update_key
-- What may change in a key. $1 the key, $2 name, $3 scopes, $4 limit an hour, $5 allowed models, $6 its end. A key that
-- was replaced and is given another end stays for good: it is rotated with the others again.
UPDATE api_keys SET
    name = $2, scopes = $3, rate_limit_per_hour = $4, allowed_models = $5, expires_at = $6,
    replaced_at = CASE WHEN expires_at IS NOT DISTINCT FROM $6::timestamptz THEN replaced_at END
WHERE id = $1
RETURNING *, (SELECT is_demo FROM tenants WHERE tenants.id = tenant_id) AS is_demo;

-- name: revoke_key
-- Ends a key for good. $1 the tenant, $2 the key. -> its id
UPDATE api_keys SET revoked_at = now()
FROM tenants
WHERE tenant_id = $1 AND api_keys.id = $2 AND revoked_at IS NULL AND tenants.id = tenant_id AND deleted_at IS NULL
RETURNING api_keys.id;

-- name: usable_keys
-- A tenant's keys that can be used. $1 the tenant.
SELECT * FROM api_keys
WHERE tenant_id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now()) ORDER BY id;

-- name: keys_to_rotate
-- A tenant's keys that can be used and that no rotation has replaced. $1 the tenant.
SELECT * FROM api_keys
WHERE tenant_id = $1 AND revoked_at IS NULL AND replaced_at IS NULL AND (expires_at IS NULL OR expires_at > now())
ORDER BY id;

-- name: end_keys
-- Ends a tenant's keys after a grace, none later than it would have; without one they are revoked. $1 the tenant,
-- $2 the grace in seconds, $3 which of them; null: all.
UPDATE api_keys SET
    expires_at = least(expires_at, now() + $2::bigint * interval '1 second'),
    revoked_at = CASE WHEN $2::bigint = 0 THEN now() END,
    replaced_at = coalesce(replaced_at, now())
WHERE tenant_id = $1 AND revoked_at IS NULL AND ($3::bigint[] IS NULL OR id = ANY ($3));

-- name: restore_replaced_key
-- Undoes a replacement that nobody was shown. $1 the tenant, $2 the key, $3 when it ended before.
UPDATE api_keys SET replaced_at = NULL, expires_at = $3 WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL;

-- name: tenant_limit
-- A tenant's requests an hour. $1 its id.
SELECT rate_limit_per_hour FROM tenants WHERE id = $1 AND deleted_at IS NULL;

-- name: admin_token_of_hash
-- The admin token with one of these hashes, unless it was deleted. $1 the hashes: one under each pepper.
SELECT id, name, role FROM admin_tokens WHERE hash = ANY ($1) AND revoked_at IS NULL;

-- name: admin_tokens_page
-- Admin tokens in order. $1 after this id, $2 how many.
SELECT id, name, role, prefix, created_at FROM admin_tokens
WHERE revoked_at IS NULL AND id > $1 ORDER BY id LIMIT $2;

-- name: insert_admin_token
-- A new admin token. $1 name, $2 role, $3 prefix, $4 hash.
INSERT INTO admin_tokens (name, role, prefix, hash) VALUES ($1, $2, $3, $4)
RETURNING id, name, role, prefix, created_at;

-- name: revoke_admin_token
-- Ends an admin token for good. $1 its id. -> its id
UPDATE admin_tokens SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL RETURNING id;

-- name: insert_audit
-- Who changed what. $1 actor, $2 address, $3 action, $4 kind of target, $5 its id, $6 details.
INSERT INTO audit_log (actor, address, action, target, target_id, details) VALUES ($1, $2, $3, $4, $5, $6);

-- name: swept_tenant_ids
-- Ids of tenants, deleted ones too since their cached answers have yet to go. $1 after this id, $2 how many.
SELECT id, deleted_at IS NOT NULL AS is_deleted FROM tenants WHERE id > $1 ORDER BY id LIMIT $2;

-- name: tenant_ever_existed
-- Whether there is or was such a tenant. $1 its id.
SELECT EXISTS (SELECT FROM tenants WHERE id = $1);

-- name: tenant_cache_max_bytes
-- What the tenant's cache may weigh; null: what the configuration says. $1 the tenant.
SELECT cache_max_bytes FROM tenants WHERE id = $1;

-- name: tenant_cache_bars
-- How the tenant's cache is set; nulls: what the configuration says. $1 the tenant.
SELECT cache_ttl_s, cache_threshold, cache_max_wrong FROM tenants WHERE id = $1;

-- name: sealed_credentials
-- Tenants with an upstream credential, deleted ones too. $1 after this id, $2 how many.
SELECT id, upstream_auth_sealed FROM tenants
WHERE id > $1 AND upstream_auth_sealed IS NOT NULL ORDER BY id LIMIT $2;

-- name: seal_credential
-- Replaces a sealed credential by the same, sealed anew. $1 the tenant, $2 the sealed value.
UPDATE tenants SET upstream_auth_sealed = $2 WHERE id = $1;

-- name: purged_tenant
-- A tenant that may be purged, deleted or not. $1 its id.
SELECT name, status, is_demo FROM tenants WHERE id = $1;

-- name: purge_usage
-- Removes a tenant's request rows, so many at a time that others are not held up. -> how many. $1 the tenant, $2 how many.
WITH doomed AS (
    SELECT request_id, started_at FROM usage WHERE tenant_id = $1 LIMIT $2
), gone AS (
    DELETE FROM usage USING doomed
    WHERE usage.request_id = doomed.request_id AND usage.started_at = doomed.started_at
    RETURNING 1
)
SELECT count(*) FROM gone;

-- name: purge_hourly
-- Removes a tenant's hourly totals. -> how many. $1 the tenant.
WITH gone AS (DELETE FROM usage_hourly WHERE tenant_id = $1 RETURNING 1),
of_cache AS (DELETE FROM cache_hourly WHERE tenant_id = $1)
SELECT count(*) FROM gone;

-- name: purged_with_rows
-- Purged tenants (blank_tenant) that have rows or totals all the same: of requests that ended later.
SELECT id FROM tenants
WHERE status = 'deleted' AND backend_url = '' AND (
    EXISTS (SELECT FROM usage WHERE usage.tenant_id = tenants.id)
    OR EXISTS (SELECT FROM usage_hourly WHERE usage_hourly.tenant_id = tenants.id)
    OR EXISTS (SELECT FROM cache_comparisons WHERE cache_comparisons.tenant_id = tenants.id)
);

-- name: purge_keys
-- Removes a tenant's keys. -> how many. $1 the tenant.
WITH gone AS (DELETE FROM api_keys WHERE tenant_id = $1 RETURNING 1) SELECT count(*) FROM gone;

-- name: blank_tenant
-- Leaves of a deleted tenant its id and version alone. $1 the tenant.
UPDATE tenants SET
    name = 'purged', backend_url = '', upstream_auth_header = NULL, upstream_auth_sealed = NULL, allowed_models = NULL,
    default_model = NULL, model_aliases = NULL, tags = '{}', block_reason = NULL
WHERE id = $1 AND status = 'deleted';

-- name: tenant_left
-- What is left of a tenant in tables. $1 the tenant.
SELECT
    (SELECT count(*) FROM usage WHERE tenant_id = $1) AS usage,
    (SELECT count(*) FROM usage_hourly WHERE tenant_id = $1) AS usage_hourly,
    (SELECT count(*) FROM cache_comparisons WHERE tenant_id = $1) AS cache_comparisons,
    (SELECT count(*) FROM cache_pairs WHERE tenant_id = $1) AS cache_pairs,
    (SELECT count(*) FROM api_keys WHERE tenant_id = $1) AS api_keys;
