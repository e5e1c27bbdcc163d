-- Usage is written under a lock of its own. 0002 was changed after it had been applied in places: there it still takes
-- that of the set-up, and inserts and another gateway's start wait for each other.
CREATE OR REPLACE FUNCTION usage_lock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(6077, 4);
    RETURN NULL;
END
$$;
