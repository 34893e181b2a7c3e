"""Requests as an SDK sends them."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from chaos.http_requests import Request

JOBS = "jobs"
TARGETS = {
    "dynamodb": "DynamoDB_20120810",
    "ecs": "AmazonEC2ContainerServiceV20141113",
    "sqs": "AmazonSQS",
}


def json_request(service: str, operation: str, body: Mapping[str, Any], **more: str) -> Request:
    headers = {"x-amz-target": f"{TARGETS[service]}.{operation}"} | more
    return Request("POST", "/", headers, json.dumps(body).encode())


def s3_request(method: str, key: str, body: bytes = b"") -> Request:
    return Request(method, f"/any-bucket/{key}?x-id=any", {}, body)


def save(job_id: str, state: str, attempt: int = 1) -> dict[str, Any]:
    """A PutItem's body, of a write of its own."""
    item = {
        "job_id": {"S": job_id},
        "state": {"S": state},
        "attempt": {"N": str(attempt)},
        "write_id": {"S": uuid4().hex},
    }
    return {"TableName": JOBS, "Item": item}
