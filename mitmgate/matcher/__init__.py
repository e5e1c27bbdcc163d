"""The matcher: one process that owns the model, the indexes and the verdict on candidates."""
