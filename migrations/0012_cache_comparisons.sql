-- How stored answers compare with what the upstream said: of requests in shadow mode (would-be hits and near misses) and
-- of live hits that were audited. What `cache tune` estimates wrong hits from. Best effort: a row that could not be
-- written is missed by nobody. No word of an answer is in it.
CREATE TABLE cache_comparisons (
    tenant_id   bigint NOT NULL,
    request_id  uuid NOT NULL,      -- the request in usage: in shadow mode the one that was forwarded, of an audit its own
    created_at  timestamptz NOT NULL DEFAULT now(),
    kind        text NOT NULL CHECK (kind IN ('shadow', 'audit')),
    probability real NOT NULL,      -- the verdict's
    agrees      boolean NOT NULL,
    reasons     text[] NOT NULL,    -- why not, in fixed words
    PRIMARY KEY (tenant_id, request_id)
);

CREATE INDEX cache_comparisons_at ON cache_comparisons (tenant_id, created_at);
