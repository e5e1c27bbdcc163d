-- Forgets entries that have expired or that the server evicted, and sets the byte counter to what is left.
-- KEYS: sizes, uses, expiries, bytes   ARGV: now ms, prefix of entries, cursor of the sizes, fingerprints looked at
-- -> {next cursor, forgotten}
local sizes, uses, expiries, total = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local now, prefix, cursor, count = tonumber(ARGV[1]), ARGV[2], ARGV[3], tonumber(ARGV[4])
local forgotten = 0

local function forget(name)
    local bytes = tonumber(redis.call('HGET', sizes, name) or '0')
    redis.call('HDEL', sizes, name)
    redis.call('ZREM', uses, name)
    redis.call('ZREM', expiries, name)
    redis.call('DECRBY', total, bytes)
    forgotten = forgotten + 1
end

for _, name in ipairs(redis.call('ZRANGEBYSCORE', expiries, '-inf', now, 'LIMIT', 0, count)) do
    redis.call('DEL', prefix .. name)
    forget(name)
end
local page = redis.call('HSCAN', sizes, cursor, 'COUNT', count)
for i = 1, #page[2], 2 do
    if redis.call('EXISTS', prefix .. page[2][i]) == 0 then forget(page[2][i]) end
end
if redis.call('HLEN', sizes) == 0 then redis.call('DEL', total) end
return {page[1], forgotten}
