-- What the cache did by the hour, and with which probability: what `cache stats` reads, so that a month costs the same at
-- any traffic. Written in the statement that inserts the rows (ship_usage). Answers with an error are left out.
CREATE TABLE cache_hourly (
    tenant_id         bigint NOT NULL,
    hour              timestamptz NOT NULL,
    outcome           text NOT NULL,      -- exact, semantic, miss
    bin               smallint NOT NULL,  -- of the probability, in twentieths, 0 to 19; -1: there was none
    requests          bigint NOT NULL,
    latency_ms_sum    double precision NOT NULL,
    prompt_tokens     bigint NOT NULL,
    completion_tokens bigint NOT NULL,
    PRIMARY KEY (tenant_id, hour, outcome, bin)
);

CREATE INDEX cache_hourly_hour ON cache_hourly (hour);
