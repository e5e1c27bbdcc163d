-- Forgets entries that have expired or that the server evicted; mends what the books lost of those that are there.
-- KEYS: the books'   ARGV: tag, now ms, cursor of the sizes ('': only what has expired), entries looked at
-- -> {next cursor, forgotten}
local now, cursor, count = ARGV[2], ARGV[3], tonumber(ARGV[4])
local forgotten = 0

for _, name in ipairs(redis.call('ZRANGEBYSCORE', expiries, '-inf', now, 'LIMIT', 0, count)) do
    drop(name)
    forgotten = forgotten + 1
end
local page = cursor == '' and {'0', {}} or redis.call('HSCAN', sizes, cursor, 'COUNT', count)
for i = 1, #page[2], 2 do
    local field = page[2][i]
    local name = string.match(field, '^v?(%x+)$')
    if name then
        local ms = redis.call('PTTL', 'x:' .. tag .. name)
        if ms == -2 then
            if redis.call('HEXISTS', sizes, field) == 1 then
                drop(name)
                forgotten = forgotten + 1
            end
        elseif field == name then
            redis.call('ZADD', uses, 'NX', now, name)
            redis.call('ZADD', expiries, 'NX', tonumber(now) + math.max(ms, 0), name)
        elseif redis.call('EXISTS', 'v:' .. tag .. name) == 0 then
            drop_vector(name)
        end
    end
end
close_books()
return {page[1], forgotten}
