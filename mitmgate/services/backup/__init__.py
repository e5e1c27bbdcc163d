"""Backups: a zip of the tables as COPY writes them, and of a manifest that says what they are."""
