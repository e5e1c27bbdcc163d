-- How often a tenant's request may be sent again after an attempt that failed; null: what the configuration says.
ALTER TABLE tenants
    ADD COLUMN upstream_retries integer CHECK (upstream_retries BETWEEN 0 AND 10);
