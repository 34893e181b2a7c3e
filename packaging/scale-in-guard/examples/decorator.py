"""A function each of whose calls is protected."""

import time

from scale_in_guard import default_guard, protected


@protected(deadline_seconds=3600)
def convert(number: int) -> int:
    print("begin", time.time(), flush=True)
    time.sleep(0.05)  # the work
    print("end", time.time(), flush=True)
    return number


default_guard().defer_stop()
for number in range(3):
    convert(number)
    time.sleep(0.02)
