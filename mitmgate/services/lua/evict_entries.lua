-- Forgets entries with their texts, vectors and hits.
-- KEYS: the books'   ARGV: tag, fingerprints…
-- -> how many there were
local evicted = 0
for i = 2, #ARGV do
    evicted = evicted + redis.call('EXISTS', 'x:' .. tag .. ARGV[i])
    drop(ARGV[i])
end
close_books()
return evicted
