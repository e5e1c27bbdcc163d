-- Takes one request out of the key's window (if it has a limit) and the tenant's, or says why not. All or nothing.
-- KEYS: for each scope in turn (the key's first, when it has a limit): window, excess counter, block
-- ARGV: block_after (0: nothing is blocked), window_ms, excess_ms, block_ms, then the limit of each scope
-- -> {outcome, scope, limit, used, ms to the window's end, ms to wait}; outcome 0 allowed, 1 over the limit, 2 blocked
local call = redis.call
local block_after, window_ms = tonumber(ARGV[1]), tonumber(ARGV[2])
local excess_ms, block_ms = tonumber(ARGV[3]), tonumber(ARGV[4])
local scopes = #KEYS / 3
local used, narrowest, least = {}, 1, nil

-- No end, or one further off than when it began, which is how the store's clock set back looks: it ends in `most` from now.
local function left(key, most)
    local ms = call('PTTL', key)
    if ms == -1 or ms > most then call('PEXPIRE', key, most) end
    if ms < 0 or ms > most then return most end
    return ms
end

for i = 1, scopes do
    local window, block = KEYS[i * 3 - 2], KEYS[i * 3]
    local values = call('MGET', window, block)
    used[i] = tonumber(values[1] or '0')
    if values[2] then
        return {2, i, tonumber(ARGV[4 + i]), used[i], left(window, window_ms), math.max(1, left(block, block_ms))}
    end
end
for i = 1, scopes do
    local window, limit = KEYS[i * 3 - 2], tonumber(ARGV[4 + i])
    if used[i] >= limit then
        if block_after > 0 then
            local excess = call('INCR', KEYS[i * 3 - 1])
            if excess == 1 then call('PEXPIRE', KEYS[i * 3 - 1], excess_ms) end
            if excess >= block_after then
                call('SET', KEYS[i * 3], '1', 'PX', block_ms)
                call('DEL', KEYS[i * 3 - 1])
            end
        end
        local ms = left(window, window_ms)
        return {1, i, limit, used[i], ms, ms}
    end
    if least == nil or limit - used[i] < least then narrowest, least = i, limit - used[i] end
end
local ms = window_ms
for i = 1, scopes do
    local window = KEYS[i * 3 - 2]
    if call('INCR', window) == 1 then
        call('PEXPIRE', window, window_ms)
    elseif i == narrowest then
        ms = left(window, window_ms)
    end
end
return {0, narrowest, tonumber(ARGV[4 + narrowest]), used[narrowest] + 1, ms, 0}
