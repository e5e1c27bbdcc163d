-- Counts hits and notes when the last was. Of what is gone meanwhile nothing is kept.
-- KEYS: the books'   ARGV: tag, then fingerprint, ms, hits…
-- -> hits counted
local counted = 0
for i = 2, #ARGV, 3 do
    if redis.call('HEXISTS', sizes, ARGV[i]) == 1 then
        redis.call('ZADD', uses, 'XX', 'GT', ARGV[i + 1], ARGV[i])
        redis.call('ZINCRBY', hits, ARGV[i + 2], ARGV[i])
        counted = counted + tonumber(ARGV[i + 2])
    end
end
if counted > 0 then redis.call('HINCRBY', sizes, 'hits', counted) end
return counted
