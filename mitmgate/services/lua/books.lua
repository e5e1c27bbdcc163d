-- A tenant's books: stands in front of every script that changes them.
-- KEYS: sizes (hash: bytes by entry; under 'v' and an entry its vector's bytes and scope, under 'n:' and an entry its
-- namespace unless it is the default, under 'c:' and a namespace its entries, 'namespaces' how many of those there are;
-- '' the sum of all bytes, 'hits' of all hits, 'most' the bytes allowed), uses and expiries (zsets by ms), hits (zset by count), scopes (zset by ms)
-- ARGV[1]: what names the tenant in its other keys, '{id}:'
-- xall (hash): each tenant's bytes by what names it, '' the sum of them all, 'most' the bytes allowed to all together,
-- under '+' and a tenant how often that was in its way since the last leveling. It has no expiry: it is never evicted.
local sizes, uses, expiries, hits, scopes = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local tag = ARGV[1]
local total = tonumber(redis.call('HGET', sizes, '') or '0')
local listed = tonumber(redis.call('HGET', 'xall', tag) or '0')
local others = tonumber(redis.call('HGET', 'xall', '') or '0') - listed

local function drop_vector(name)
    local known = redis.call('HGET', sizes, 'v' .. name)
    if not known then return 0 end
    local bytes, scope = string.match(known, '^(%d+) (%x+)$')
    redis.call('UNLINK', 'v:' .. tag .. name)
    redis.call('ZREM', 'vs:' .. tag .. scope, name)
    if redis.call('EXISTS', 'vs:' .. tag .. scope) == 0 then redis.call('ZREM', scopes, scope) end
    redis.call('HDEL', sizes, 'v' .. name)
    total = total - tonumber(bytes)
    return 1
end

local function leave_namespace(name)
    local namespace = redis.call('HGET', sizes, 'n:' .. name)
    if not namespace then return end
    redis.call('HDEL', sizes, 'n:' .. name)
    if redis.call('HINCRBY', sizes, 'c:' .. namespace, -1) <= 0 then
        redis.call('HDEL', sizes, 'c:' .. namespace)
        redis.call('HINCRBY', sizes, 'namespaces', -1)
    end
end

local function drop(name)
    drop_vector(name)
    leave_namespace(name)
    total = total - tonumber(redis.call('HGET', sizes, name) or '0')
    redis.call('UNLINK', 'x:' .. tag .. name)
    redis.call('HDEL', sizes, name)
    redis.call('ZREM', uses, name)
    redis.call('ZREM', expiries, name)
    local count = redis.call('ZSCORE', hits, name)
    if count then
        redis.call('HINCRBY', sizes, 'hits', -tonumber(count))
        redis.call('ZREM', hits, name)
    end
end

-- Makes room for `size` among `most` of the tenant's and `most_of_all`: what the tenant used least recently goes first,
-- `kept` never. -> whether there is room
local function make_room(size, most, most_of_all, may_drop, kept)
    if total + size <= most and others + total + size > most_of_all then redis.call('HINCRBY', 'xall', '+' .. tag, 1) end
    most = math.min(most, most_of_all - others)
    while total + size > most and may_drop > 0 do
        local oldest = redis.call('ZRANGE', uses, 0, 1)
        local name = oldest[1] == kept and oldest[2] or oldest[1]
        if not name or name == kept then break end
        drop(name)
        may_drop = may_drop - 1
    end
    return total + size <= most
end

local function close_books()
    if redis.call('EXISTS', uses) == 0 then
        redis.call('DEL', sizes, hits)
        total = 0
    else
        redis.call('HSET', sizes, '', total)
    end
    if total ~= listed then
        if total == 0 then redis.call('HDEL', 'xall', tag) else redis.call('HSET', 'xall', tag, total) end
        if redis.call('HINCRBY', 'xall', '', total - listed) <= 0 then redis.call('HDEL', 'xall', '', 'most') end
        listed = total
    end
end
