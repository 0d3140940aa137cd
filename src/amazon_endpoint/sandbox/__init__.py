"""The local Amazon: a real HTTP server that behaves like the Selling Partner API,
and like Marketplace Web Service before it."""
