"""The processor's time of another process."""

import time


def processor_seconds(process: int) -> float:
    """What all threads of a process have used so far, those that ended too (Linux).

    The clock is the one that clock_getcpuclockid(3) makes of a process's number.
    """
    return time.clock_gettime((~process << 3) | 2)
