-- What backup and restore ask of the database beyond the tables themselves.

-- name: backup_tables
-- Our tables in the schema we use, partitions not, with the columns that can be written; what others refer to comes
-- first.
SELECT
    class.relname::text AS name,
    (
        SELECT array_agg(attname::text ORDER BY attnum) FROM pg_attribute
        WHERE attrelid = class.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
    ) AS columns
FROM pg_class class
WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
    AND relname <> 'schema_migrations'
ORDER BY EXISTS (SELECT FROM pg_constraint WHERE conrelid = class.oid AND contype = 'f'), relname;

-- name: backup_sequences
-- Our sequences.
SELECT relname::text AS name FROM pg_class
WHERE relnamespace = current_schema()::regnamespace AND relkind = 'S' ORDER BY relname;

-- name: backup_usage_days
-- The days that have a partition.
SELECT to_date(right(relname, 10), 'YYYY_MM_DD') AS day
FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
WHERE inhparent = 'usage'::regclass ORDER BY 1;

-- name: foreign_tables
-- Tables in the schema we use when none of them says that it is ours.
SELECT relname::text AS name FROM pg_class
WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND to_regclass('schema_migrations') IS NULL
ORDER BY relname LIMIT 1;

-- name: other_gateways
-- How many connections of running gateways there are.
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE 'mitmgate%';

-- name: drop_everything
-- Drops all tables, sequences and functions that this user owns in the schema we use.
DO $$
DECLARE
    each record;
BEGIN
    FOR each IN
        SELECT oid::regclass AS name FROM pg_class
        WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
            AND pg_has_role(relowner, 'USAGE')
    LOOP
        EXECUTE format('DROP TABLE %s CASCADE', each.name);
    END LOOP;
    FOR each IN
        SELECT oid::regclass AS name FROM pg_class
        WHERE relnamespace = current_schema()::regnamespace AND relkind = 'S' AND pg_has_role(relowner, 'USAGE')
    LOOP
        EXECUTE format('DROP SEQUENCE %s CASCADE', each.name);
    END LOOP;
    FOR each IN
        SELECT oid::regprocedure AS name, prokind FROM pg_proc
        WHERE pronamespace = current_schema()::regnamespace AND pg_has_role(proowner, 'USAGE')
            AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
        ORDER BY prokind  -- aggregates before the functions they are made of
    LOOP
        EXECUTE format('DROP ROUTINE IF EXISTS %s CASCADE', each.name);
    END LOOP;
END
$$;

-- name: plain_copies
-- Values are written and read the same whatever the database's defaults are, and as long as it takes.
SELECT set_config(name, value, true) FROM (VALUES
    ('datestyle', 'ISO, YMD'), ('timezone', 'UTC'), ('extra_float_digits', '1'), ('bytea_output', 'hex'),
    ('intervalstyle', 'postgres'), ('statement_timeout', '0'), ('lock_timeout', '0'),
    ('idle_in_transaction_session_timeout', '0')
) AS settings (name, value);
