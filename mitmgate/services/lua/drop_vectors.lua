-- Forgets texts and vectors; the entries stay, where there are any. Scopes left empty go from the tenant's list.
-- KEYS: the books'   ARGV: tag, fingerprints…
-- -> how many there were
local dropped = 0
for i = 2, #ARGV do
    dropped = dropped + drop_vector(ARGV[i])
    if redis.call('HEXISTS', sizes, ARGV[i]) == 0 then drop(ARGV[i]) end
end
close_books()
return dropped
