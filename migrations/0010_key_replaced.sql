-- When a rotation gave the key a successor: until its grace ends it still works, and no later rotation replaces it again.
ALTER TABLE api_keys ADD COLUMN replaced_at timestamptz;
