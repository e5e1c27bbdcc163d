-- A tenant's own bar for answers to other words; null: what the configuration says.
ALTER TABLE tenants
    ADD COLUMN cache_threshold double precision CHECK (cache_threshold BETWEEN 0 AND 1);
