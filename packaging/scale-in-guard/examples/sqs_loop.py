"""A plain SQS worker; AWS_ENDPOINT_URL and QUEUE_URL name the queue."""

import os
import time
from typing import Any

import boto3
from scale_in_guard import ProcessingSession
from scale_in_guard.bridges.sqs import consume


def handle(message: dict[str, Any], session: ProcessingSession) -> None:
    print("begin", time.time(), flush=True)
    print("message", message["Body"], flush=True)
    time.sleep(0.05)  # the work
    session.check()
    print("end", time.time(), flush=True)


consume(boto3.client("sqs"), os.environ["QUEUE_URL"], handle, wait_seconds=1)
