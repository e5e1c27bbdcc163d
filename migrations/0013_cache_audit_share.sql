-- Which share of a tenant's answers to other words is compared with the upstream's; null: what the configuration says.
ALTER TABLE tenants
    ADD COLUMN cache_audit_share double precision CHECK (cache_audit_share BETWEEN 0 AND 1);
