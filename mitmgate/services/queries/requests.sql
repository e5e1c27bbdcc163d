-- What is read of single requests. In all lists $1 from and $2 to (excluded), $3 and $4 the least and highest status,
-- $5 the cache's outcome or a hit's kind, $6 the model; null: no such bound. One query for each index that may lead.

-- name: usage_page
-- Rows over all tenants, newest first. $7 and $8 before this row's start and id, $9 how many.
SELECT page.*, tenants.name AS tenant_name
FROM (
    SELECT * FROM usage
    WHERE true
    AND ($1::timestamptz IS NULL OR started_at >= $1) AND ($2::timestamptz IS NULL OR started_at < $2)
    AND ($3::smallint IS NULL OR status BETWEEN $3 AND $4::smallint)
    AND ($5::text IS NULL OR cache = $5 OR cache_kind = $5) AND ($6::text IS NULL OR model = $6)
    AND ($7::timestamptz IS NULL OR (started_at, request_id) < ($7, $8::uuid))
    ORDER BY started_at DESC, request_id DESC LIMIT $9
) page LEFT JOIN tenants ON tenants.id = page.tenant_id
ORDER BY started_at DESC, request_id DESC;

-- name: tenant_usage_page
-- The same for one tenant. $10 the tenant.
SELECT page.*, tenants.name AS tenant_name
FROM (
    SELECT * FROM usage
    WHERE tenant_id = $10
    AND ($1::timestamptz IS NULL OR started_at >= $1) AND ($2::timestamptz IS NULL OR started_at < $2)
    AND ($3::smallint IS NULL OR status BETWEEN $3 AND $4::smallint)
    AND ($5::text IS NULL OR cache = $5 OR cache_kind = $5) AND ($6::text IS NULL OR model = $6)
    AND ($7::timestamptz IS NULL OR (started_at, request_id) < ($7, $8::uuid))
    ORDER BY started_at DESC, request_id DESC LIMIT $9
) page LEFT JOIN tenants ON tenants.id = page.tenant_id
ORDER BY started_at DESC, request_id DESC;

-- name: client_usage_page
-- The same for the id that a client gave its request. $10 that id, $11 the tenant or null for all.
SELECT page.*, tenants.name AS tenant_name
FROM (
    SELECT * FROM usage
    WHERE client_request_id = $10 AND ($11::bigint IS NULL OR tenant_id = $11)
    AND ($1::timestamptz IS NULL OR started_at >= $1) AND ($2::timestamptz IS NULL OR started_at < $2)
    AND ($3::smallint IS NULL OR status BETWEEN $3 AND $4::smallint)
    AND ($5::text IS NULL OR cache = $5 OR cache_kind = $5) AND ($6::text IS NULL OR model = $6)
    AND ($7::timestamptz IS NULL OR (started_at, request_id) < ($7, $8::uuid))
    ORDER BY started_at DESC, request_id DESC LIMIT $9
) page LEFT JOIN tenants ON tenants.id = page.tenant_id
ORDER BY started_at DESC, request_id DESC;

-- name: upstream_usage_page
-- The same for the vendor's own id of a request. $10 that id, $11 the tenant or null for all.
SELECT page.*, tenants.name AS tenant_name
FROM (
    SELECT * FROM usage
    WHERE upstream_request_id = $10 AND ($11::bigint IS NULL OR tenant_id = $11)
    AND ($1::timestamptz IS NULL OR started_at >= $1) AND ($2::timestamptz IS NULL OR started_at < $2)
    AND ($3::smallint IS NULL OR status BETWEEN $3 AND $4::smallint)
    AND ($5::text IS NULL OR cache = $5 OR cache_kind = $5) AND ($6::text IS NULL OR model = $6)
    AND ($7::timestamptz IS NULL OR (started_at, request_id) < ($7, $8::uuid))
    ORDER BY started_at DESC, request_id DESC LIMIT $9
) page LEFT JOIN tenants ON tenants.id = page.tenant_id
ORDER BY started_at DESC, request_id DESC;

-- name: usage_row
-- All that is kept of the requests whose ids lie between, two at most. $1 the lowest id, $2 the highest.
SELECT
    usage.*, tenants.name AS tenant_name, api_keys.name AS key_name, api_keys.prefix AS key_prefix
FROM usage LEFT JOIN tenants ON tenants.id = usage.tenant_id LEFT JOIN api_keys ON api_keys.id = usage.key_id
WHERE request_id BETWEEN $1 AND $2 ORDER BY request_id LIMIT 2;

-- name: stored_before
-- A tenant's requests whose answers were stored, the newest first, of so many rows at most. $1 the tenant, $2 from,
-- $3 before, $4 how many rows are looked at.
SELECT request_id, started_at, story FROM (
    SELECT request_id, started_at, story FROM usage
    WHERE tenant_id = $1 AND started_at >= $2 AND started_at < $3
    ORDER BY started_at DESC, request_id DESC LIMIT $4
) latest
WHERE story ? 'stored' AND story ? 'parts' ORDER BY started_at DESC, request_id DESC;

-- name: newest_arrival
-- The number of the row that arrived last; every row with a lower one can be seen as well.
SELECT coalesce(max(arrival), 0) FROM usage;

-- name: usage_arrivals
-- Rows in the order they arrived. $7 after this number, $8 up to this, $9 how many, $10 the tenant or null for all.
SELECT page.*, tenants.name AS tenant_name
FROM (
    SELECT * FROM usage
    WHERE arrival > $7 AND arrival <= $8 AND ($10::bigint IS NULL OR tenant_id = $10)
    AND ($1::timestamptz IS NULL OR started_at >= $1) AND ($2::timestamptz IS NULL OR started_at < $2)
    AND ($3::smallint IS NULL OR status BETWEEN $3 AND $4::smallint)
    AND ($5::text IS NULL OR cache = $5 OR cache_kind = $5) AND ($6::text IS NULL OR model = $6)
    ORDER BY arrival LIMIT $9
) page LEFT JOIN tenants ON tenants.id = page.tenant_id
ORDER BY arrival;

-- name: live_totals
-- What arrived in between, counted: one row for all, one for each status and one for each outcome of the cache; the
-- columns that a row is not about are null. $1 after this number, $2 up to this, $3 the tenant or null for all.
SELECT
    grouping(status) = 0 AS of_status,
    grouping(outcome) = 0 AS of_outcome,
    status,
    outcome,
    count(*) AS requests,
    percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY latency_ms) AS latencies_ms,
    coalesce(sum(prompt_tokens), 0)::bigint AS prompt_tokens,
    coalesce(sum(completion_tokens), 0)::bigint AS completion_tokens
FROM (
    SELECT *, coalesce(CASE WHEN cache = 'hit' THEN cache_kind END, cache, 'none') AS outcome FROM usage
    WHERE arrival > $1 AND arrival <= $2 AND ($3::bigint IS NULL OR tenant_id = $3)
) arrived
GROUP BY GROUPING SETS ((), (status), (outcome));

-- name: live_tenants
-- The tenants with most of what arrived in between. $1 to $3 as in live_totals, $4 how many.
SELECT top.*, tenants.name
FROM (
    SELECT
        tenant_id,
        count(*) AS requests,
        count(*) FILTER (WHERE status >= 400) AS errors,
        count(*) FILTER (WHERE cache = 'hit') AS hits
    FROM usage
    WHERE arrival > $1 AND arrival <= $2 AND ($3::bigint IS NULL OR tenant_id = $3)
    GROUP BY tenant_id ORDER BY requests DESC, tenant_id LIMIT $4
) top LEFT JOIN tenants ON tenants.id = tenant_id
ORDER BY requests DESC, tenant_id;
