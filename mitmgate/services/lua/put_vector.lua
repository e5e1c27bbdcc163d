-- Keeps an entry's text and vector, and lists it in its scope and the scope in its tenant, until it expires.
-- KEYS: vector (hash), scope (zset of fingerprints by expiry), tenant (zset of scopes by expiry)
-- ARGV: fingerprint, scope, text, vector, model, expires at ms, now ms
local vector, scope, tenant = KEYS[1], KEYS[2], KEYS[3]
local fingerprint, name, expires, now = ARGV[1], ARGV[2], tonumber(ARGV[6]), tonumber(ARGV[7])

redis.call('HSET', vector, 'scope', name, 'text', ARGV[3], 'vector', ARGV[4], 'model', ARGV[5], 'expires_at', expires)
redis.call('PEXPIREAT', vector, expires)
redis.call('ZREMRANGEBYSCORE', scope, '-inf', now)
redis.call('ZADD', scope, expires, fingerprint)
redis.call('ZREMRANGEBYSCORE', tenant, '-inf', now)
local last = tonumber(redis.call('ZREVRANGE', scope, 0, 0, 'WITHSCORES')[2])
redis.call('ZADD', tenant, last, name)
redis.call('PEXPIREAT', scope, last)
redis.call('PEXPIREAT', tenant, tonumber(redis.call('ZREVRANGE', tenant, 0, 0, 'WITHSCORES')[2]))
return 1
