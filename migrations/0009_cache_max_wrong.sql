-- Which share of a tenant's answers to other words may be wrong; null: what the configuration says.
ALTER TABLE tenants
    ADD COLUMN cache_max_wrong double precision CHECK (cache_max_wrong BETWEEN 0 AND 1);
