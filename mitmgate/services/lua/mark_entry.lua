-- Marks an entry as one whose question was classified, if it has the other mark now. Its TTL stays.
-- KEYS: the entry's   ARGV: how its header begins, how it is to begin (of the same length)
-- -> 1 when it was marked
if redis.call('GETRANGE', KEYS[1], 4, 3 + #ARGV[1]) ~= ARGV[1] then return 0 end
redis.call('SETRANGE', KEYS[1], 4, ARGV[2])
return 1
