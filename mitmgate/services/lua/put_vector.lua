-- Keeps an entry's text and vector within the tenant's bytes, and lists it in its scope and the scope in its tenant,
-- until it expires. One whose entry is not there (gone meanwhile) is dropped by the next sweep.
-- KEYS: the books', vector (hash), scope (zset of fingerprints by expiry), removals
-- ARGV: tag, fingerprint, scope, text, vector, model, expires at ms, now ms, bytes in addition to these, entries dropped at most,
-- the removal known when the entry's request began ('*': any): with another one nothing is stored
-- -> stored 0|1
local vector, scope = KEYS[6], KEYS[7]
local fingerprint, name, expires, now = ARGV[2], ARGV[3], tonumber(ARGV[7]), tonumber(ARGV[8])
local size = #ARGV[4] + #ARGV[5] + #ARGV[6] + tonumber(ARGV[9])
local most = tonumber(redis.call('HGET', sizes, 'most')) or math.huge
local most_of_all = tonumber(redis.call('HGET', 'xall', 'most')) or math.huge

if ARGV[11] ~= '*' and (redis.call('HGET', KEYS[8], tag) or '') ~= ARGV[11] then return 0 end
drop_vector(fingerprint)
if not make_room(size, most, most_of_all, tonumber(ARGV[10]), fingerprint) then
    close_books()
    return 0
end
redis.call('HSET', vector, 'scope', name, 'text', ARGV[4], 'vector', ARGV[5], 'model', ARGV[6], 'expires_at', expires)
redis.call('PEXPIREAT', vector, expires)
redis.call('ZREMRANGEBYSCORE', scope, '-inf', now)
redis.call('ZADD', scope, expires, fingerprint)
redis.call('ZREMRANGEBYSCORE', scopes, '-inf', now)
local last = tonumber(redis.call('ZREVRANGE', scope, 0, 0, 'WITHSCORES')[2])
redis.call('ZADD', scopes, last, name)
redis.call('PEXPIREAT', scope, last)
redis.call('PEXPIREAT', scopes, tonumber(redis.call('ZREVRANGE', scopes, 0, 0, 'WITHSCORES')[2]))
redis.call('HSET', sizes, 'v' .. fingerprint, size .. ' ' .. name)
redis.call('ZADD', uses, 'NX', now, fingerprint)
redis.call('ZADD', expiries, 'NX', expires, fingerprint)
total = total + size
close_books()
return 1
