-- What the cache did, over a period. In all of them $1 is the tenant, or null for all.

-- name: cache_outcomes
-- Sums by outcome and bin of the probability. $2 the first hour, $3 the hour after the last.
SELECT
    outcome,
    bin,
    sum(requests)::bigint AS requests,
    sum(latency_ms_sum) AS latency_ms_sum,
    sum(prompt_tokens)::bigint AS prompt_tokens,
    sum(completion_tokens)::bigint AS completion_tokens
FROM cache_hourly WHERE ($1::bigint IS NULL OR tenant_id = $1) AND hour >= $2 AND hour < $3
GROUP BY outcome, bin;

-- name: near_misses
-- The misses that came nearest to a hit, the nearest first. $2 from, $3 to (excluded), $4 how many of the newest rows are
-- looked at, $5 how many misses.
SELECT request_id, started_at, tenant_id, model, story FROM (
    SELECT request_id, started_at, tenant_id, model, cache, story FROM usage
    WHERE ($1::bigint IS NULL OR tenant_id = $1) AND started_at >= $2 AND started_at < $3
    ORDER BY started_at DESC, request_id DESC LIMIT $4
) latest
WHERE cache = 'miss' AND jsonb_typeof(story -> 'p') = 'number' AND jsonb_typeof(story -> 'near') = 'string'
ORDER BY (story ->> 'p')::float8 DESC, started_at DESC LIMIT $5;
