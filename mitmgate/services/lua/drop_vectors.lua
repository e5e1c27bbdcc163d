-- Forgets entries' texts and vectors. Scopes left empty go from the tenant's list.
-- KEYS: tenant (zset of scopes)   ARGV: prefix of vectors, prefix of scopes, fingerprints…
-- -> how many there were
local dropped = 0
for i = 3, #ARGV do
    local vector = ARGV[1] .. ARGV[i]
    local name = redis.call('HGET', vector, 'scope')
    if name then
        redis.call('DEL', vector)
        redis.call('ZREM', ARGV[2] .. name, ARGV[i])
        if redis.call('EXISTS', ARGV[2] .. name) == 0 then redis.call('ZREM', KEYS[1], name) end
        dropped = dropped + 1
    end
end
return dropped
