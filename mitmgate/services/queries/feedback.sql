-- What was said of hits: the pairs of questions, and which of them are not served.

-- name: request_of_feedback
-- What feedback needs to know of a request. $1 its id, $2 the least and $3 the latest time at which it can have begun,
-- $4 the tenant; null: any.
SELECT tenant_id, cache, cache_kind, status, story FROM usage
WHERE request_id = $1 AND started_at BETWEEN $2 AND $3 AND ($4::bigint IS NULL OR tenant_id = $4);

-- name: say_pair
-- Notes what was said of a pair. -> its version; no row when that had been said before. $1 the tenant, $2 the pair,
-- $3 whether it is wrong, $4 the request.
INSERT INTO cache_pairs (tenant_id, pair, wrong, request_id) VALUES ($1, $2, $3, $4)
ON CONFLICT (tenant_id, pair) DO UPDATE SET wrong = excluded.wrong, request_id = excluded.request_id
WHERE cache_pairs.wrong <> excluded.wrong
RETURNING version;

-- name: trim_pairs
-- Removes a tenant's oldest pairs of a kind. $1 the tenant, $2 whether the wrong ones, $3 how many may stay.
DELETE FROM cache_pairs WHERE tenant_id = $1 AND wrong = $2 AND version <= (
    SELECT version FROM cache_pairs WHERE tenant_id = $1 AND wrong = $2 ORDER BY version DESC OFFSET $3 LIMIT 1
);

-- name: newest_pair
-- The version up to which all pairs can be seen.
SELECT coalesce(max(version), 0) FROM cache_pairs;

-- name: wrong_pairs
-- Pairs that are not served, in the order of their versions. $1 after this version, $2 up to this, $3 how many.
SELECT tenant_id, pair, wrong, version FROM cache_pairs
WHERE wrong AND version > $1 AND version <= $2 ORDER BY version LIMIT $3;

-- name: pairs_changed
-- What was said after a version, in the order it was committed. $1 the version, $2 how many.
SELECT tenant_id, pair, wrong, version FROM cache_pairs WHERE version > $1 ORDER BY version LIMIT $2;

-- name: purge_pairs
-- Removes what was said of a tenant's hits, and tells the matchers, which see no row of it. -> how many. $1 the tenant.
WITH gone AS (DELETE FROM cache_pairs WHERE tenant_id = $1 RETURNING 1)
SELECT count(*), pg_notify('mitmgate_pairs', 'purged ' || $1::bigint) FROM gone;
