"""Amazon: one port, and the generations of its API behind it."""
