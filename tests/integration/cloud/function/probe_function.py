"""What the tested Lambda functions run: describes itself, or fails the messages that say so."""

import importlib.util
import json
import os
import sys
from typing import Any


def report(_event: dict[str, Any], context: Any) -> dict[str, Any]:
    return {
        "environment": dict(os.environ),
        "path": sys.path,
        "has": [name for name in ("boto3", "ministack", "torch") if importlib.util.find_spec(name)],
        "remaining_milliseconds": context.get_remaining_time_in_millis(),
        "pid": os.getpid(),
    }


def fail(_event: dict[str, Any], _context: Any) -> None:
    sys.stdout.write("failing\n")
    raise ValueError("as asked")


def fail_some(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    failed = [r["messageId"] for r in event["Records"] if json.loads(r["body"])["fail"]]
    sys.stdout.write(f"failing {len(failed)} of {len(event['Records'])}\n")
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in failed]}
