-- Takes one request out of the key's window (if it has a limit) and the tenant's, or says why not. All or nothing.
-- KEYS: for each scope in turn (the key's first, when it has a limit): window, excess counter, block
-- ARGV: block_after, window_ms, excess_ms, block_ms, then the limit of each scope
-- -> {outcome, scope, limit, used, ms to the window's end, ms to wait}; outcome 0 allowed, 1 over the limit, 2 blocked
local block_after, window_ms = tonumber(ARGV[1]), tonumber(ARGV[2])
local excess_ms, block_ms = tonumber(ARGV[3]), tonumber(ARGV[4])
local scopes = #KEYS / 3
local narrowest, least = 1, nil

local function left(key)
    local ms = redis.call('PTTL', key)
    if ms == -1 then redis.call('PEXPIRE', key, window_ms) end -- a window without an end would never open again
    if ms < 0 then return window_ms end
    return ms
end

for i = 1, scopes do
    local ms = redis.call('PTTL', KEYS[i * 3])
    if ms > 0 then
        local used = tonumber(redis.call('GET', KEYS[i * 3 - 2]) or '0')
        return {2, i, tonumber(ARGV[4 + i]), used, left(KEYS[i * 3 - 2]), ms}
    end
end
for i = 1, scopes do
    local window, limit = KEYS[i * 3 - 2], tonumber(ARGV[4 + i])
    local used = tonumber(redis.call('GET', window) or '0')
    if used >= limit then
        local excess = redis.call('INCR', KEYS[i * 3 - 1])
        if excess == 1 then redis.call('PEXPIRE', KEYS[i * 3 - 1], excess_ms) end
        if excess >= block_after then
            redis.call('SET', KEYS[i * 3], '1', 'PX', block_ms)
            redis.call('DEL', KEYS[i * 3 - 1])
        end
        local ms = left(window)
        return {1, i, limit, used, ms, ms}
    end
    if least == nil or limit - used < least then narrowest, least = i, limit - used end
end
local used_by = {}
for i = 1, scopes do
    local used = redis.call('INCR', KEYS[i * 3 - 2])
    if used == 1 then redis.call('PEXPIRE', KEYS[i * 3 - 2], window_ms) end
    used_by[i] = used
end
return {0, narrowest, tonumber(ARGV[4 + narrowest]), used_by[narrowest], left(KEYS[narrowest * 3 - 2]), 0}
