"""A server that counts its jobs: 2 h of protection at the start, renewed to 1 h, then released."""

import threading
import time

from scale_in_guard import Guard, service

active: set[int] = set()
guard = Guard(policy=service())
guard.defer_stop()
protection = guard.count_jobs(lambda: len(active))


def job(number: int) -> None:
    active.add(number)
    try:
        if not protection.manage():
            return  # without protection the job stays where it came from
        print("begin", time.time(), flush=True)
        time.sleep(0.05)  # the work
        print("end", time.time(), flush=True)
    finally:
        active.discard(number)
        protection.manage()


threads = [threading.Thread(target=job, args=(number,)) for number in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
guard.close()
