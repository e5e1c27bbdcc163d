-- What estimates wrong hits from comparisons of stored answers with real ones (cache_comparisons).

-- name: tenant_cache_served
-- In which mode a tenant's cache is, and which share of wrong hits it accepts; null: what the configuration says. $1 the
-- tenant.
SELECT cache_mode, cache_max_wrong FROM tenants WHERE id = $1;

-- name: compared_by_probability
-- Comparisons of a tenant by kind and thousandth of the probability. $1 the tenant, $2 and $3 the period. At most 2,002
-- rows. As numeric, since a real 0.88 is a little less.
SELECT kind, floor(probability::numeric * 1000)::int AS thousandth, count(*) AS compared,
    count(*) FILTER (WHERE NOT agrees) AS disagreeing
FROM cache_comparisons
WHERE tenant_id = $1 AND created_at >= $2 AND created_at < $3
GROUP BY 1, 2;

-- name: reasons_of_comparisons
-- Why answers disagreed, the most frequent reason first. $1 the tenant, $2 and $3 the period.
SELECT reason, count(*) AS comparisons
FROM cache_comparisons, unnest(reasons) AS reason
WHERE tenant_id = $1 AND created_at >= $2 AND created_at < $3 AND NOT agrees
GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20;

-- name: disagreeing_requests
-- Requests whose real answer and the stored one disagree, the likeliest hits first. $1 the tenant, $2 and $3 the period, $4
-- how many.
SELECT request_id, created_at AS at, kind, round(probability::numeric, 4)::float8 AS probability, reasons
FROM cache_comparisons
WHERE tenant_id = $1 AND created_at >= $2 AND created_at < $3 AND NOT agrees
ORDER BY cache_comparisons.probability DESC, created_at DESC LIMIT $4;

-- name: audited_tenants
-- Tenants of whose live hits some were found to disagree, with the share of wrong hits each accepts. $1 the first time.
SELECT tenants.id, tenants.cache_max_wrong, count(*) AS compared, count(*) FILTER (WHERE NOT agrees) AS disagreeing
FROM cache_comparisons JOIN tenants ON tenants.id = tenant_id
WHERE kind = 'audit' AND cache_comparisons.created_at >= $1 AND tenants.deleted_at IS NULL
GROUP BY tenants.id
HAVING count(*) FILTER (WHERE NOT agrees) > 0;
