-- Stores an entry within the tenant's bytes: what has expired goes first, then what was least recently used.
-- KEYS: entry, sizes (hash), uses (zset by ms), expiries (zset by ms), bytes
-- ARGV: fingerprint, value, size, max bytes, now ms, expires at ms, prefix of entries, fingerprints swept at most
-- -> {stored 0|1, bytes now}
local entry, sizes, uses, expiries, total = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local fingerprint, value, size, most = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local now, expires, prefix, sweep = tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7], tonumber(ARGV[8])

local function drop(name)
    local bytes = tonumber(redis.call('HGET', sizes, name) or '0')
    redis.call('DEL', prefix .. name)
    redis.call('HDEL', sizes, name)
    redis.call('ZREM', uses, name)
    redis.call('ZREM', expiries, name)
    redis.call('DECRBY', total, bytes)
end

for _, name in ipairs(redis.call('ZRANGEBYSCORE', expiries, '-inf', now, 'LIMIT', 0, sweep)) do drop(name) end
if redis.call('HEXISTS', sizes, fingerprint) == 1 then drop(fingerprint) end
if size > most then return {0, tonumber(redis.call('GET', total) or '0')} end
while tonumber(redis.call('GET', total) or '0') + size > most do
    local oldest = redis.call('ZRANGE', uses, 0, 0)
    if #oldest == 0 then
        redis.call('SET', total, 0)
        break
    end
    drop(oldest[1])
end
redis.call('SET', entry, value, 'PXAT', expires)
redis.call('HSET', sizes, fingerprint, size)
redis.call('ZADD', uses, now, fingerprint)
redis.call('ZADD', expiries, expires, fingerprint)
return {1, redis.call('INCRBY', total, size)}
