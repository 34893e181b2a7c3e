"""Parses an SDK's HTTP request: the call, its job and its sender."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from chaos.call_names import SAVE, Caller, CallName
from runtime.core.contract import RESULTS_PREFIX, UPLOADS_PREFIX, WORK_PREFIX, ResultFile

SERVICES = {
    "DynamoDB_20120810": "dynamodb",
    "AmazonEC2ContainerServiceV20141113": "ecs",
    "AmazonSQS": "sqs",
}
S3_OPERATIONS = {
    "HEAD": "HeadObject",
    "GET": "GetObject",
    "PUT": "PutObject",
    "DELETE": "DeleteObject",
}
BY_RECEIPT = (("sqs", "DeleteMessage"), ("sqs", "ChangeMessageVisibility"))
XRAY_OPERATIONS = {"/TraceSegments": "PutTraceSegments", "/Traces": "BatchGetTraces"}
_SENDER = re.compile(r"\bapp/(?P<name>[a-z-]+)\.(?P<pid>\d+)")
JOB_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")


@dataclass(frozen=True, slots=True)
class Sender:
    """The calling process; its interpreter put name and process id into the SDK's user agent."""

    caller: Caller
    pid: int


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request as received. Header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def sender(self) -> Sender | None:
        """The sender, or None if it is not part of the run."""
        found = _SENDER.search(self.headers.get("user-agent", ""))
        if found is None:
            return None
        for caller in Caller:
            if caller in found["name"]:
                return Sender(caller, int(found["pid"]))
        return None

    @property
    def target(self) -> tuple[str, str]:
        """Service and operation."""
        prefix, dot, operation = self.headers.get("x-amz-target", "").rpartition(".")
        if dot:
            return SERVICES.get(prefix, prefix), operation
        if self.path in XRAY_OPERATIONS:
            return "xray", XRAY_OPERATIONS[self.path]
        return "s3", S3_OPERATIONS.get(self.method, self.method)

    @property
    def json(self) -> Any:
        """The body of a JSON protocol; an empty object where it is none."""
        try:
            return json.loads(self.body or b"{}")
        except ValueError:
            return {}

    @property
    def object_key(self) -> str:
        """The key of an S3 request, decoded."""
        _, _, key = unquote(self.path.partition("?")[0]).lstrip("/").partition("/")
        return key

    @property
    def names(self) -> Iterator[str]:
        """What may name the job: ids of jobs, keys of uploads, ARNs of tasks."""
        service, operation = self.target
        if service == "s3":
            yield self.object_key
            yield from JOB_ID.findall(self.object_key)
        elif (service, operation) == ("ecs", "StopTask"):
            yield str(self.json.get("task", ""))
        elif (service, operation) in BY_RECEIPT:
            yield str(self.json.get("ReceiptHandle", ""))
        else:
            for text in _texts(self.json):
                yield from JOB_ID.findall(text)
                if text.startswith(UPLOADS_PREFIX):
                    yield text

    def call(self, caller: Caller, jobs_table: str) -> CallName:
        """Return the call as the plan names it."""
        service, operation = self.target
        item = self.job_write(jobs_table)
        if item is not None:
            return CallName(caller, f"{SAVE}{item['state']['S']}")
        kind = self._object_kind() if service == "s3" else ""
        return CallName(caller, f"{service}.{operation}{kind}")

    def job_write(self, jobs_table: str) -> Mapping[str, Any] | None:
        """Return the item that this call writes to the jobs table, if it writes one."""
        _, operation = self.target
        if operation == "PutItem":
            puts = [self.json]
        elif operation == "TransactWriteItems":
            puts = [each.get("Put", {}) for each in self.json.get("TransactItems", [])]
        else:
            return None
        return next((put["Item"] for put in puts if put.get("TableName") == jobs_table), None)

    def _object_kind(self) -> str:
        if self.method == "HEAD":
            return ""
        if self.object_key.endswith("/" + ResultFile.MANIFEST):
            return ":manifest"
        for prefix in (UPLOADS_PREFIX, WORK_PREFIX, RESULTS_PREFIX):
            if self.object_key.startswith(prefix):
                return ":" + prefix.rstrip("/")
        return ":other"


def _texts(value: Any) -> Iterator[str]:
    """Yield all strings in a document of JSON; a string that is a document has those within it."""
    if isinstance(value, str) and value.startswith(("{", "[")):
        with suppress(ValueError):
            value = json.loads(value)
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, str):
        yield value
