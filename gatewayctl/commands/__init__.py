"""The commands: one a file; a group's file only registers."""
