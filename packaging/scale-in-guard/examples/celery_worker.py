"""A Celery app; its worker's parent process protects the task while the pool works.

Start it with `celery --app celery_worker worker`.
"""

import os
import time

from celery import Celery
from scale_in_guard.bridges.celery import protect

app = Celery("example", broker=os.environ.get("BROKER_URL", "redis://localhost:6379/0"))
protect(app)


@app.task
def convert(number: int) -> None:
    print("begin", time.time(), flush=True)
    time.sleep(0.05)  # the work
    print("end", time.time(), flush=True)
