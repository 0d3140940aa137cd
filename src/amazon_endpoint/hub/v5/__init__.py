"""The 2013 hub format: `message_id`, `message`, `payload`. The published JSON is the law."""
