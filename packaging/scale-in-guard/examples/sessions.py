"""A service with critical phases: one session, critical only while it must not be stopped."""

import time

from scale_in_guard import default_guard

guard = default_guard()
guard.defer_stop()
session = guard.session("merger")
for _part in range(3):
    session.set_critical(True)
    print("begin", time.time(), flush=True)
    time.sleep(0.05)  # merging
    print("end", time.time(), flush=True)
    session.set_critical(False)
    time.sleep(0.02)  # waiting for the next part
session.cleanup()
print("status", guard.health()["taskProtectionMonitoring"])
