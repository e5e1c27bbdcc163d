-- Stores an entry within the tenant's bytes: what has expired goes first, then what was least recently used.
-- KEYS: the books', entry, removals   ARGV: tag, fingerprint, value, size, most bytes, now ms, expires at ms, entries dropped at most,
-- namespace ('': the default), namespaces at most, the removal known when the request began ('*': any), most bytes of all
-- tenants
-- -> {stored 0|1, bytes now}; an entry that would need more dropped than that is not stored, but room was made; nor is one
-- in a namespace beyond the most, or one whose request began before the tenant's last removal
local entry, fingerprint, value = KEYS[6], ARGV[2], ARGV[3]
local size, most, now, expires, may_drop = tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6], ARGV[7], tonumber(ARGV[8])
local namespace, most_namespaces = ARGV[9], tonumber(ARGV[10])
local since, most_of_all = ARGV[11], tonumber(ARGV[12])
local stored = 0

if since ~= '*' and (redis.call('HGET', KEYS[7], tag) or '') ~= since then return {0, total} end
redis.call('HSET', 'xall', 'most', most_of_all)
drop(fingerprint)
may_drop = may_drop - 1
for _, name in ipairs(redis.call('ZRANGEBYSCORE', expiries, '-inf', now, 'LIMIT', 0, may_drop)) do
    drop(name)
    may_drop = may_drop - 1
end
local is_known = namespace == '' or redis.call('HEXISTS', sizes, 'c:' .. namespace) == 1
local fits = is_known or tonumber(redis.call('HGET', sizes, 'namespaces') or '0') < most_namespaces
if fits and size <= most and make_room(size, most, most_of_all, may_drop, nil) then
    redis.call('SET', entry, value, 'PXAT', expires)
    redis.call('HSET', sizes, fingerprint, size, 'most', most)
    redis.call('ZADD', uses, now, fingerprint)
    redis.call('ZADD', expiries, expires, fingerprint)
    if namespace ~= '' then
        -- making room may have emptied it
        if redis.call('HINCRBY', sizes, 'c:' .. namespace, 1) == 1 then redis.call('HINCRBY', sizes, 'namespaces', 1) end
        redis.call('HSET', sizes, 'n:' .. fingerprint, namespace)
    end
    total, stored = total + size, 1
end
close_books()
return {stored, total}
