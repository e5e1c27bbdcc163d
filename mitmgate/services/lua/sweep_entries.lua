-- Forgets entries that have expired or that the server evicted; mends what the books lost of those that are there.
-- KEYS: sizes (hash; the field '' is their sum), uses, expiries
-- ARGV: now ms, prefix of entries, cursor of the sizes, entries looked at
-- -> {next cursor, forgotten}
local sizes, uses, expiries = KEYS[1], KEYS[2], KEYS[3]
local now, prefix, cursor, count = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local total, forgotten = tonumber(redis.call('HGET', sizes, '') or '0'), 0

local function forget(name)
    total = total - tonumber(redis.call('HGET', sizes, name) or '0')
    redis.call('HDEL', sizes, name)
    redis.call('ZREM', uses, name)
    redis.call('ZREM', expiries, name)
    forgotten = forgotten + 1
end

for _, name in ipairs(redis.call('ZRANGEBYSCORE', expiries, '-inf', now, 'LIMIT', 0, count)) do
    redis.call('UNLINK', prefix .. name)
    forget(name)
end
local page = redis.call('HSCAN', sizes, cursor, 'COUNT', count)
for i = 1, #page[2], 2 do
    local name = page[2][i]
    if name ~= '' then
        local ms = redis.call('PTTL', prefix .. name)
        if ms == -2 then
            forget(name)
        else
            redis.call('ZADD', uses, 'NX', now, name)
            redis.call('ZADD', expiries, 'NX', tonumber(now) + math.max(ms, 0), name)
        end
    end
end
if redis.call('EXISTS', uses) == 0 then
    redis.call('DEL', sizes)
else
    redis.call('HSET', sizes, '', total)
end
return {page[1], forgotten}
