"""Reads that lag behind writes: the jobs table's index, and ECS's list of tasks."""

import threading
import time

from chaos.aws_responses import Response, no_tasks
from chaos.http_requests import Request

INDEX = ("dynamodb", "Query")
LIST = ("ecs", "ListTasks")

LIST_LAG_SECONDS = 3.0
"""Shorter than a claim's lease, as in production: a task is listed before its claim expires."""


class LaggingReads:
    """Remembers the last answer of each query, and when each job's last task was started.

    Thread-safe.
    """

    def __init__(self) -> None:
        self._answers: dict[bytes, Response] = {}
        self._launched: dict[int, float] = {}
        self._lock = threading.Lock()

    def launched(self, number: int) -> None:
        """Note that a task of a job was started now."""
        with self._lock:
            self._launched[number] = time.monotonic()

    def note(self, request: Request, response: Response) -> Response:
        """Remember an answer that may be given again later, and return it."""
        if request.target == INDEX and response.succeeded:
            with self._lock:
                self._answers[request.body] = response
        return response

    def outdated(self, number: int, request: Request) -> Response | None:
        """Return an answer of a moment ago, or None if there is none that could still be given."""
        with self._lock:
            if request.target == INDEX:
                return self._answers.get(request.body)
            launched = self._launched.get(number, float("-inf"))
        new = time.monotonic() - launched < LIST_LAG_SECONDS
        return no_tasks() if request.target == LIST and new else None
