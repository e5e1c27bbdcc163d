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
