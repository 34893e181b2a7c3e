"""Messages that a worker receives: whose they are, and how SQS delivers one twice."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from chaos.aws_responses import Response
from chaos.http_requests import JOB_ID, Request
from chaos.job_numbers import JobNumbers

CHANGE_VISIBILITY = "AmazonSQS.ChangeMessageVisibility"


class Receipts:
    """Registers receipt handles as names of jobs, so that deletes and extensions are theirs too.

    `send` carries out a request of SQS's own.
    """

    def __init__(self, job_numbers: JobNumbers, send: Callable[[Request], Response] | None) -> None:
        self._job_numbers = job_numbers
        self._send = send

    def register(self, response: Response) -> int | None:
        """Note the messages of an answer and return the job of the first one, if any is known."""
        found = None
        for message in _messages(response):
            names = JOB_ID.findall(message.get("Body", ""))
            number = self._job_numbers.known(names)
            if number is not None:
                self._job_numbers.register(number, message["ReceiptHandle"])
                found = number if found is None else found
        return found

    def deliver_again(self, request: Request, response: Response) -> None:
        """Make the messages of an answer visible at once, as SQS may: a second worker gets them."""
        if self._send is None:
            return
        for message in _messages(response):
            body = {
                "QueueUrl": request.json["QueueUrl"],
                "ReceiptHandle": message["ReceiptHandle"],
                "VisibilityTimeout": 0,
            }
            headers = {**request.headers, "x-amz-target": CHANGE_VISIBILITY}
            self._send(replace(request, headers=headers, body=json.dumps(body).encode()))


def _messages(response: Response) -> list[dict[str, Any]]:
    answer = Request("", "", {}, response.body).json if response.succeeded else {}
    messages: list[dict[str, Any]] = answer.get("Messages") or []
    return messages
