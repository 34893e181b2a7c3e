"""Several jobs at once in one event loop, which share one lease."""

import asyncio
import time

from scale_in_guard import default_guard, protected


@protected()
async def convert(seconds: float) -> None:
    print("begin", time.time(), flush=True)
    await asyncio.sleep(seconds)  # the work
    print("end", time.time(), flush=True)


async def main() -> None:
    await asyncio.gather(convert(0.02), convert(0.08))
    await asyncio.sleep(0.02)
    await convert(0.05)


default_guard().defer_stop()
asyncio.run(main())
