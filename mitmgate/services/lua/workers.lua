-- A worker says that it lives and which windows it has taken from; it learns who lives and what others have taken from.
-- KEYS: the set of the workers of all nodes, the set of windows
-- ARGV: its name, seconds of silence after which a worker is gone, the time of its last call, its windows
-- -> {how many workers live, how many of their names come before this one's, the time, windows since the last call}
local call = redis.call
local LASTS_S, MOST, MOST_TOLD = 3600, 20000, 512
local now = tonumber(call('TIME')[1])
call('ZADD', KEYS[1], now, ARGV[1])
call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. now - tonumber(ARGV[2]))
call('EXPIRE', KEYS[1], LASTS_S)
local names, before = call('ZRANGE', KEYS[1], 0, -1), 0
for _, name in ipairs(names) do
    if name < ARGV[1] then before = before + 1 end
end
for i = 4, #ARGV do call('ZADD', KEYS[2], now, ARGV[i]) end
call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - LASTS_S)
call('ZREMRANGEBYRANK', KEYS[2], 0, -MOST - 1)
call('EXPIRE', KEYS[2], LASTS_S)
local windows = call('ZREVRANGEBYSCORE', KEYS[2], '+inf', ARGV[3], 'LIMIT', 0, MOST_TOLD)
return {#names, before, now, windows}
