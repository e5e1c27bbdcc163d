-- Stores an entry within the tenant's bytes: what has expired goes first, then what was least recently used.
-- KEYS: entry, sizes (hash; the field '' is their sum), uses (zset by ms), expiries (zset by ms)
-- ARGV: fingerprint, value, size, max bytes, now ms, expires at ms, prefix of entries, entries dropped at most
-- -> {stored 0|1, bytes now}; an entry that would need more dropped than that is not stored, but room was made
local entry, sizes, uses, expiries = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local fingerprint, value, size, most = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local now, expires, prefix, may_drop = ARGV[5], ARGV[6], ARGV[7], tonumber(ARGV[8])
local total = tonumber(redis.call('HGET', sizes, '') or '0')

local function drop(name)
    total = total - tonumber(redis.call('HGET', sizes, name) or '0')
    redis.call('UNLINK', prefix .. name)
    redis.call('HDEL', sizes, name)
    redis.call('ZREM', uses, name)
    redis.call('ZREM', expiries, name)
    may_drop = may_drop - 1
end

drop(fingerprint)
for _, name in ipairs(redis.call('ZRANGEBYSCORE', expiries, '-inf', now, 'LIMIT', 0, may_drop)) do drop(name) end
local stored = 0
if size <= most then
    while total + size > most and may_drop > 0 do
        local oldest = redis.call('ZRANGE', uses, 0, 0)[1]
        if not oldest then break end
        drop(oldest)
    end
    if total + size <= most then
        redis.call('SET', entry, value, 'PXAT', expires)
        redis.call('HSET', sizes, fingerprint, size)
        redis.call('ZADD', uses, now, fingerprint)
        redis.call('ZADD', expiries, expires, fingerprint)
        total, stored = total + size, 1
    end
end
if redis.call('EXISTS', uses) == 0 then
    redis.call('DEL', sizes)
    total = 0
else
    redis.call('HSET', sizes, '', total)
end
return {stored, total}
