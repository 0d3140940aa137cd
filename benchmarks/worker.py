"""A worker that is told what to poll: ``python -m benchmarks.worker NAME``.

It says when it has started, and polls the accounts that a line of its input names, at once where a
worker would find them within a minute. All else is as in `amazon-endpoint worker`.
"""

import asyncio
import sys

from amazon_endpoint import logs, settings
from amazon_endpoint.amazon.connect import Connector
from amazon_endpoint.amazon.hosts import AllowedHosts
from amazon_endpoint.cli.garbage import spare_what_stays
from amazon_endpoint.cli.work import at_work
from amazon_endpoint.clock import SystemClock
from amazon_endpoint.storage import Storage


async def _work(worker: str) -> None:
    given = settings.load()
    logs.configure(given.log_level, given.log_format)
    clock = SystemClock()
    async with await Storage.open(given.database) as storage:
        connector = Connector(
            quotas=storage.quotas, clock=clock, hosts=AllowedHosts(given.allowed_hosts)
        )
        async with at_work(given, storage, connector, worker=worker, clock=clock) as engine:

            def told() -> None:
                for account_id in sys.stdin.readline().split():
                    engine.wake("poll", account_id)

            asyncio.get_running_loop().add_reader(sys.stdin, told)
            spare_what_stays()
            print("It has started.", flush=True)
            await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_work(sys.argv[1]))
