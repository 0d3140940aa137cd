"""A process to be killed: ``python -m tests.chaos.worker start speed port name [largest file]``.

It is `amazon-endpoint up` with another clock, and with no file larger than it is told.
"""

import resource
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import uvicorn

from amazon_endpoint import logs, settings
from amazon_endpoint.amazon.connect import Connector
from amazon_endpoint.cli.listening import listen
from amazon_endpoint.cli.work import at_work
from amazon_endpoint.storage import Storage
from amazon_endpoint.sync.engine import Pace
from amazon_endpoint.web.app import create_app
from amazon_endpoint.web.shipments import Wake
from tests.chaos.clock import FastClock

# In the fast clock's seconds, but for `look`. A dead worker is replaced after ten of the system's.
_PACE = Pace(minute=60, beat=30, silent=10, look=0.3)


def main(start: str, speed: str, port: str, name: str, *largest: str) -> None:
    if largest:
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(largest[0]),) * 2)
    clock = FastClock(datetime.fromisoformat(start), float(speed))
    given = settings.load()
    logs.configure("warning", "console")

    @asynccontextmanager
    async def beside(storage: Storage, connector: Connector) -> AsyncIterator[Wake]:
        async with at_work(
            given, storage, connector, worker=name, clock=clock, pace=_PACE
        ) as engine:
            yield engine.wake

    with listen("127.0.0.1", int(port)) as listener:
        app = create_app(given, clock=clock, beside=beside)
        config = uvicorn.Config(app, lifespan="on", log_config=None, access_log=False)
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main(*sys.argv[1:])
