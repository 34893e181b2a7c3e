"""Jobs in a loop: the task is protected during each of them."""

import time

from scale_in_guard import default_guard, protected


def main() -> None:
    guard = default_guard()
    guard.defer_stop()
    for number in range(3):
        if guard.stopping:
            break
        with protected(f"report-{number}") as session:
            print("begin", time.time(), flush=True)
            for _step in range(10):
                time.sleep(0.005)  # a part of the work
                session.check()  # raises where the job must save its state and stop
            print("end", time.time(), flush=True)
        time.sleep(0.02)  # idle: may be scaled in


main()
