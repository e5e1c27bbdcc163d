-- What the start of a gateway asks and records.

-- name: server_version
-- PostgreSQL's version as a number, 180000 for 18.0.
SELECT current_setting('server_version_num')::integer;

-- name: lock_setup
-- One node at a time sets the database up; held until unlock_setup or the end of the connection.
SELECT pg_advisory_lock(6077, 3);

-- name: unlock_setup
-- Lets the next node in.
SELECT pg_advisory_unlock(6077, 3);

-- name: is_set_up
-- Whether schema.sql has been applied.
SELECT to_regclass('schema_migrations') IS NOT NULL;

-- name: migrations
-- Which versions have been applied.
SELECT version FROM schema_migrations ORDER BY version;

-- name: record_migration
-- Notes that a version is applied. $1 version, $2 name.
INSERT INTO schema_migrations (version, name) VALUES ($1, $2);

-- name: gateway_checks
-- The check values of the secrets this database was set up with.
SELECT name, value FROM gateway_check;

-- name: record_gateway_check
-- Notes a secret's check value; another node's may have come first. $1 name, $2 value.
INSERT INTO gateway_check (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING;

-- name: forget_gateway_id
-- Makes the next start give this database an id of its own, which no store has.
DELETE FROM gateway_check WHERE name = 'gateway-id';

-- name: is_standby
-- Whether the server replays another one's changes and takes none itself.
SELECT pg_is_in_recovery();

-- name: is_read_only
-- Whether a transaction may write nothing unless it asks to.
SELECT current_setting('transaction_read_only') = 'on';

-- name: schema_rights
-- Where tables would be made, by whom, whether that is allowed, and whose the table is that gets a partition each day.
SELECT
    current_user::text AS "user",
    current_schema()::text AS schema,
    coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS may_create,
    pg_get_userbyid(relowner)::text AS owner,
    pg_has_role(relowner, 'USAGE') AS is_owner
FROM (SELECT) AS always LEFT JOIN pg_class ON pg_class.oid = to_regclass('usage');

-- name: sealing_keys
-- The ids of the master keys that credentials are sealed with (mitmgate/core/sealing.py), and how many each.
SELECT convert_from(substring(upstream_auth_sealed FROM 3 FOR get_byte(upstream_auth_sealed, 1)), 'UTF8') AS id,
    count(*) AS credentials
FROM tenants
WHERE upstream_auth_sealed IS NOT NULL AND length(upstream_auth_sealed) > 2
    AND get_byte(upstream_auth_sealed, 0) = 1 AND status <> 'deleted'
GROUP BY 1 ORDER BY 1;

-- name: replace_gateway_check
-- Notes that a secret is another one now. $1 name, $2 value.
UPDATE gateway_check SET value = $2 WHERE name = $1;
