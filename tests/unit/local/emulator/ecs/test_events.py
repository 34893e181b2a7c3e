from local.emulator.ecs.events import detail


def test_should_describe_the_task_without_internals_and_tags() -> None:
    task = {
        "taskArn": "any-arn",
        "version": 3,
        "lastStatus": "STOPPED",
        "startedAt": None,
        "_docker_ids": ["any"],
        "tags": [{"key": "any", "value": "any"}],
        "containers": [{"name": "any", "exitCode": 0, "_internal": 1}],
    }
    assert detail(task, "2026-01-01T00:00:00Z") == {
        "taskArn": "any-arn",
        "version": 3,
        "lastStatus": "STOPPED",
        "containers": [{"name": "any", "exitCode": 0}],
        "updatedAt": "2026-01-01T00:00:00Z",
    }
