"""The endpoint: HTTP in front of the services."""
