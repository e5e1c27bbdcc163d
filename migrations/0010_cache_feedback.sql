-- What clients and operators said of hits: whether two questions, which the cache took for one, do share their answer.
-- No text is here. A pair is the keyed digests of both (mitmgate/core/pair_digests.py), which hold tenant and scope too.
CREATE SEQUENCE cache_pair_versions;

CREATE TABLE cache_pairs (
    tenant_id  bigint NOT NULL,
    pair       bytea NOT NULL CHECK (length(pair) = 32),
    wrong      boolean NOT NULL,  -- true: the pair is never served again
    version    bigint NOT NULL,   -- grows with every change; see cache_pairs_stamp()
    request_id uuid NOT NULL,     -- the hit of which it was said
    said_at    timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, pair)
);

CREATE UNIQUE INDEX cache_pairs_version ON cache_pairs (version);  -- matchers ask each second what changed
CREATE INDEX cache_pairs_age ON cache_pairs (tenant_id, wrong, version);

-- As with the directory (directory_lock): versions are committed in the order they were drawn, so that a matcher which
-- has seen one has seen all below it.
CREATE FUNCTION cache_pairs_lock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(6077, 5);
    RETURN NULL;
END
$$;

CREATE TRIGGER cache_pairs_lock BEFORE INSERT OR UPDATE ON cache_pairs
    FOR EACH STATEMENT EXECUTE FUNCTION cache_pairs_lock();

CREATE FUNCTION cache_pairs_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.version := nextval('cache_pair_versions');
    NEW.said_at := now();
    PERFORM pg_notify('mitmgate_pairs', NEW.version::text);
    RETURN NEW;
END
$$;

CREATE TRIGGER cache_pairs_stamp BEFORE INSERT OR UPDATE ON cache_pairs
    FOR EACH ROW EXECUTE FUNCTION cache_pairs_stamp();
