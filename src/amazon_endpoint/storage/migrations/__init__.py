"""The database's history, one revision per file."""
