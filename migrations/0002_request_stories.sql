-- What is told of a single request: where it came from, why the cache decided as it did, how each attempt ended; and the
-- order in which rows arrived, so that they can be followed.

-- Rows that end late arrive late: only the order of arrival shows a follower each row once. Numbers are drawn under a
-- lock that is held until the commit, so none can appear below one that was seen. Rows from before have none.
CREATE SEQUENCE usage_arrivals;

ALTER TABLE usage
    ADD COLUMN client_address text,
    ADD COLUMN story jsonb,  -- see UsageRecord; null where there is nothing beyond the other columns
    ADD COLUMN arrival bigint;
ALTER TABLE usage ALTER COLUMN arrival SET DEFAULT nextval('usage_arrivals');

CREATE FUNCTION usage_lock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(6077, 4);
    RETURN NULL;
END
$$;

CREATE TRIGGER usage_lock BEFORE INSERT ON usage FOR EACH STATEMENT EXECUTE FUNCTION usage_lock();

CREATE INDEX usage_arrived ON usage (arrival);
CREATE INDEX usage_client_request ON usage (client_request_id) WHERE client_request_id IS NOT NULL;
