-- What the usage shipper writes. What reads it is in analytics.sql and requests.sql.

-- name: ensure_partition
-- Makes the partition of a day, if it is missing. $1 the day (UTC).
SELECT usage_ensure_partition($1);

-- name: drop_partitions
-- Drops the partitions of earlier days. -> how many. $1 the first day to keep (UTC).
SELECT usage_drop_partitions($1);

-- name: ship_usage
-- Inserts the rows that are not there yet, adds exactly those to the rollups and notes when keys were last used: one
-- statement, so a row is counted if and only if it is kept, however often it comes. -> how many were new.
-- $1 … $33 one array for each of the columns named here. Groups are ordered, so that two writers cannot deadlock.
WITH fresh AS (
    INSERT INTO usage (
        request_id, started_at, tenant_id, key_id, method, endpoint, status, latency_ms, model, client_format, streamed,
        upstream, attempts, cache, cache_kind, similarity, prompt_tokens, cached_prompt_tokens, cache_write_tokens,
        completion_tokens, reasoning_tokens, auth_ms, limit_ms, cache_ms, first_byte_ms, request_bytes, response_bytes,
        error, client_request_id, client_address, story, usage_estimated, upstream_request_id
    )
    SELECT * FROM unnest(
        $1::uuid[], $2::timestamptz[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::smallint[], $8::float8[],
        $9::text[], $10::text[], $11::boolean[], $12::text[], $13::smallint[], $14::text[], $15::text[], $16::real[],
        $17::bigint[], $18::bigint[], $19::bigint[], $20::bigint[], $21::bigint[],
        $22::real[], $23::real[], $24::real[], $25::real[], $26::bigint[], $27::bigint[], $28::text[], $29::text[],
        $30::text[], $31::text[]::jsonb[], $32::boolean[], $33::text[]
    ) AS sent (request_id, started_at, tenant_id)
    -- A purged tenant's rows do not come back from a journal that is read again.
    WHERE NOT EXISTS (SELECT FROM tenants WHERE tenants.id = sent.tenant_id AND status = 'deleted' AND backend_url = '')
    ON CONFLICT (request_id, started_at) DO NOTHING
    RETURNING *
),
by_bucket AS (
    SELECT
        date_trunc('hour', started_at, 'UTC') AS hour,
        tenant_id,
        endpoint,
        CASE WHEN status < 400 THEN coalesce(model, '') ELSE '' END AS model,
        latency_bucket(latency_ms) AS bucket,
        -- Of an audit, which no client sent, only tokens and bytes count.
        count(*) FILTER (WHERE cache IS DISTINCT FROM 'audit') AS requests,
        count(*) FILTER (WHERE status >= 400 AND cache IS DISTINCT FROM 'audit') AS errors,
        count(*) FILTER (WHERE cache = 'hit' AND cache_kind IS DISTINCT FROM 'semantic') AS exact_hits,
        count(*) FILTER (WHERE cache = 'hit' AND cache_kind = 'semantic') AS semantic_hits,
        count(*) FILTER (WHERE cache IN ('miss', 'shadow')) AS misses,
        count(*) FILTER (WHERE cache = 'bypass') AS bypasses,
        count(*) FILTER (WHERE cache = 'refresh') AS refreshes,
        coalesce(sum(latency_ms) FILTER (WHERE cache IS DISTINCT FROM 'audit'), 0) AS latency_ms_sum,
        coalesce(sum(prompt_tokens), 0) AS prompt_tokens,
        coalesce(sum(cached_prompt_tokens), 0) AS cached_prompt_tokens,
        coalesce(sum(cache_write_tokens), 0) AS cache_write_tokens,
        coalesce(sum(completion_tokens), 0) AS completion_tokens,
        coalesce(sum(reasoning_tokens), 0) AS reasoning_tokens,
        sum(request_bytes) AS request_bytes,
        sum(response_bytes) AS response_bytes
    FROM fresh
    GROUP BY 1, 2, 3, 4, 5
),
rolled_up AS (
    INSERT INTO usage_hourly AS kept (
        hour, tenant_id, endpoint, model, requests, errors, exact_hits, semantic_hits, misses, bypasses, refreshes,
        latency_ms_sum, latency_histogram, prompt_tokens, cached_prompt_tokens, cache_write_tokens, completion_tokens,
        reasoning_tokens, request_bytes, response_bytes
    )
    SELECT
        hour, tenant_id, endpoint, model, sum(requests), sum(errors), sum(exact_hits), sum(semantic_hits), sum(misses),
        sum(bypasses), sum(refreshes), sum(latency_ms_sum), histogram_of(bucket, requests), sum(prompt_tokens),
        sum(cached_prompt_tokens), sum(cache_write_tokens), sum(completion_tokens), sum(reasoning_tokens),
        sum(request_bytes), sum(response_bytes)
    FROM by_bucket
    GROUP BY hour, tenant_id, endpoint, model
    ORDER BY tenant_id, hour, endpoint, model
    ON CONFLICT (tenant_id, hour, endpoint, model) DO UPDATE SET
        requests = kept.requests + excluded.requests,
        errors = kept.errors + excluded.errors,
        exact_hits = kept.exact_hits + excluded.exact_hits,
        semantic_hits = kept.semantic_hits + excluded.semantic_hits,
        misses = kept.misses + excluded.misses,
        bypasses = kept.bypasses + excluded.bypasses,
        refreshes = kept.refreshes + excluded.refreshes,
        latency_ms_sum = kept.latency_ms_sum + excluded.latency_ms_sum,
        latency_histogram = histogram_add(kept.latency_histogram, excluded.latency_histogram),
        prompt_tokens = kept.prompt_tokens + excluded.prompt_tokens,
        cached_prompt_tokens = kept.cached_prompt_tokens + excluded.cached_prompt_tokens,
        cache_write_tokens = kept.cache_write_tokens + excluded.cache_write_tokens,
        completion_tokens = kept.completion_tokens + excluded.completion_tokens,
        reasoning_tokens = kept.reasoning_tokens + excluded.reasoning_tokens,
        request_bytes = kept.request_bytes + excluded.request_bytes,
        response_bytes = kept.response_bytes + excluded.response_bytes
),
by_probability AS (
    SELECT
        tenant_id,
        date_trunc('hour', started_at, 'UTC') AS hour,
        CASE WHEN cache <> 'hit' THEN cache WHEN cache_kind = 'semantic' THEN 'semantic' ELSE 'exact' END AS outcome,
        CASE WHEN jsonb_typeof(story -> 'p') = 'number'
            THEN greatest(0, least(19, floor((story ->> 'p')::numeric * 20)))::smallint ELSE -1 END AS bin,
        count(*) AS requests,
        sum(latency_ms) AS latency_ms_sum,
        coalesce(sum(prompt_tokens), 0) AS prompt_tokens,
        coalesce(sum(completion_tokens), 0) AS completion_tokens
    FROM fresh
    WHERE cache IN ('hit', 'miss', 'shadow') AND status < 400
    GROUP BY 1, 2, 3, 4
),
rolled_up_cache AS (
    INSERT INTO cache_hourly AS kept (
        tenant_id, hour, outcome, bin, requests, latency_ms_sum, prompt_tokens, completion_tokens
    )
    SELECT * FROM by_probability
    ORDER BY tenant_id, hour, outcome, bin
    ON CONFLICT (tenant_id, hour, outcome, bin) DO UPDATE SET
        requests = kept.requests + excluded.requests,
        latency_ms_sum = kept.latency_ms_sum + excluded.latency_ms_sum,
        prompt_tokens = kept.prompt_tokens + excluded.prompt_tokens,
        completion_tokens = kept.completion_tokens + excluded.completion_tokens
),
used AS (
    SELECT key_id, max(started_at) AS at FROM fresh WHERE key_id IS NOT NULL GROUP BY key_id
),
stale AS (
    -- A key somebody else is changing is left for the next time rather than waited for.
    SELECT id, at
    FROM api_keys JOIN used ON id = key_id
    WHERE last_used_at IS NULL OR last_used_at < at - interval '1 minute'
    FOR NO KEY UPDATE OF api_keys SKIP LOCKED
),
noted AS (
    UPDATE api_keys SET last_used_at = at FROM stale WHERE api_keys.id = stale.id
)
SELECT count(*) FROM fresh;
