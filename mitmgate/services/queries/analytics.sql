-- A tenant's statistics, from the hourly rollups alone: they cost the same at any traffic. In all of them $1 is the
-- tenant, $2 the first hour and $3 the hour after the last. A refresh asks the upstream on purpose: neither hit nor miss.

-- name: analytics_totals
-- One row of sums; all null where there was nothing.
SELECT
    sum(requests)::bigint AS requests,
    sum(errors)::bigint AS errors,
    sum(exact_hits)::bigint AS exact_hits,
    sum(semantic_hits)::bigint AS semantic_hits,
    sum(misses)::bigint AS misses,
    sum(latency_ms_sum) AS latency_ms_sum,
    histogram_sum(latency_histogram) AS latency_histogram,
    sum(prompt_tokens)::bigint AS prompt_tokens,
    sum(cached_prompt_tokens)::bigint AS cached_prompt_tokens,
    sum(cache_write_tokens)::bigint AS cache_write_tokens,
    sum(completion_tokens)::bigint AS completion_tokens,
    sum(reasoning_tokens)::bigint AS reasoning_tokens
FROM usage_hourly WHERE tenant_id = $1 AND hour >= $2 AND hour < $3;

-- name: analytics_endpoints
-- The endpoints asked most. $4 how many.
SELECT endpoint, sum(requests)::bigint AS requests, sum(errors)::bigint AS errors, sum(latency_ms_sum) AS latency_ms_sum
FROM usage_hourly WHERE tenant_id = $1 AND hour >= $2 AND hour < $3
GROUP BY endpoint ORDER BY requests DESC, endpoint LIMIT $4;

-- name: analytics_models
-- The models asked most; the unnamed rows, which are errors too, belong to none. $4 how many.
SELECT
    model,
    sum(requests)::bigint AS requests,
    sum(prompt_tokens)::bigint AS prompt_tokens,
    sum(completion_tokens)::bigint AS completion_tokens
FROM usage_hourly WHERE tenant_id = $1 AND hour >= $2 AND hour < $3 AND model <> ''
GROUP BY model ORDER BY requests DESC, model LIMIT $4;

-- name: analytics_hours
-- Each hour that had requests, in order.
SELECT
    hour,
    sum(requests)::bigint AS requests,
    sum(errors)::bigint AS errors,
    sum(exact_hits)::bigint AS exact_hits,
    sum(semantic_hits)::bigint AS semantic_hits,
    sum(misses)::bigint AS misses,
    sum(latency_ms_sum) AS latency_ms_sum,
    sum(prompt_tokens)::bigint AS prompt_tokens,
    sum(completion_tokens)::bigint AS completion_tokens
FROM usage_hourly WHERE tenant_id = $1 AND hour >= $2 AND hour < $3
GROUP BY hour ORDER BY hour;
