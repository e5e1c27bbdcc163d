-- Begins a removal of all that a tenant has: what was asked before is not stored from here on, and the books are new.
-- KEYS: the books', removals, counts   ARGV: tag, the removal's name
redis.call('HSET', KEYS[6], tag, ARGV[2])
redis.call('UNLINK', sizes, uses, expiries, hits, scopes, KEYS[7])
total = 0
close_books()
return 1
