-- Drops what the tenant used least recently until no more than so many bytes are left.
-- KEYS: the books'   ARGV: tag, bytes, entries dropped at most
-- -> bytes now
make_room(0, tonumber(ARGV[2]), math.huge, tonumber(ARGV[3]), nil)
close_books()
return total
