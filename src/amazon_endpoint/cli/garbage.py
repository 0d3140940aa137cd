"""Garbage: a process that runs for weeks doesn't look through what it will never give back."""

import gc

# Python's own 700 is soon reached: a message is some hundred objects while it is sent.
_NEW_OBJECTS = 7_000


def spare_what_stays() -> None:
    """Leave all that was loaded until now out of every search for garbage to come.

    To be called once everything has started. Python searches each time that a few hundred objects
    more were made than dropped, and every so often through everything: modules, tables and
    statements of the database, which stay for good. That was a fifth of what a worker did.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, 10, 10)
