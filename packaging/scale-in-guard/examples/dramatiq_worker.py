"""A Dramatiq app; start it with `dramatiq --processes 1 dramatiq_worker`."""

import time

import dramatiq
from scale_in_guard.bridges.dramatiq import ProtectionMiddleware

broker = dramatiq.get_broker()
broker.add_middleware(ProtectionMiddleware())


@dramatiq.actor
def convert(number: int) -> None:
    print(f"begin {time.time()}", flush=True)
    time.sleep(0.05)  # the work
    print(f"end {time.time()}", flush=True)
