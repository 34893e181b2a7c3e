"""RunTask and ListTasks as ECS answers them, for `aws_endpoint`."""

from typing import Any

from tests.fakes.aws_endpoint import LOST, Answer, Call, error_answer, json_answer
from tests.fakes.launcher import Fault

CLUSTER_ARN = "arn:aws:ecs:us-east-1:000000000000:cluster/any"


class FakeEcs:
    """Keeps tasks by client token; `faults` are what happens to the next RunTask calls."""

    def __init__(self) -> None:
        self.tasks: dict[str, dict[str, Any]] = {}
        self.faults: list[Fault] = []

    def __call__(self, call: Call) -> Answer:
        if call.operation == "ListTasks":
            return json_answer({"taskArns": self._started_by(call.json.get("startedBy"))})
        fault = self.faults.pop(0) if self.faults else None
        if fault is Fault.REFUSED:
            reason = "Capacity is unavailable at this time"
            return json_answer({"tasks": [], "failures": [{"reason": reason}]})
        if fault is Fault.REQUEST_LOST:
            return LOST
        answer = self._run(call.json)
        return LOST if fault is Fault.ANSWER_LOST else answer

    def _run(self, request: dict[str, Any]) -> Answer:
        arn = f"{CLUSTER_ARN.replace(':cluster/', ':task/')}/{len(self.tasks)}"
        task = self.tasks.setdefault(request["clientToken"], {"arn": arn, "request": request})
        if task["request"] != request:
            return error_answer("ConflictException", resourceIds=[task["arn"]])
        return json_answer({"tasks": [{"taskArn": task["arn"]}], "failures": []})

    def _started_by(self, mark: str | None) -> list[str]:
        marks = {task["arn"]: task["request"]["startedBy"] for task in self.tasks.values()}
        return [arn for arn, by in marks.items() if mark in (None, by)]
