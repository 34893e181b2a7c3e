import json
import socket
from pathlib import Path

import pytest

from local.cloud import LocalCloud
from local.ports import free_port
from tests.integration.cloud.conftest import Containers, Task
from tests.integration.cloud.waiting import until

pytestmark = pytest.mark.cloud


def test_should_report_the_real_exit_code_with_the_whole_log(containers: Containers) -> None:
    task, lines = containers.run_to_end(["end_with", "11"])
    assert lines == ["ending with 11"]
    assert task["containers"][0]["exitCode"] == 11
    assert task["stopCode"] == "EssentialContainerExited"
    assert task["stoppedReason"] == "Essential container exited"
    assert task["desiredStatus"] == "STOPPED"


def test_should_give_the_process_the_containers_environment_only(
    containers: Containers, cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAUNCHERS_OWN", "1")
    secret = cloud.client("secretsmanager").create_secret(
        Name=containers.name, SecretString='{"token": "from-the-secret"}'
    )
    definition = containers.define(
        "show_environment",
        environment=[{"name": "GIVEN", "value": "definition"}, {"name": "KEPT", "value": "yes"}],
        secrets=[{"name": "TOKEN", "valueFrom": f"{secret['ARN']}:token::"}],
    )
    overrides = {"name": "probe", "environment": [{"name": "GIVEN", "value": "override"}]}
    task = containers.run(definition, overrides={"containerOverrides": [overrides]})
    containers.await_status(task, "STOPPED")
    environment = json.loads(containers.lines(task)[0])
    assert set(environment) == {
        *("PATH", "HOME", "TMPDIR", "LANG", "PYTHONPATH", "WORK_DIR"),
        *("FROM_IMAGE", "PYTHONUNBUFFERED", "OWN_PORT"),
        *("GIVEN", "KEPT", "TOKEN"),
        *("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV", "AWS_ENDPOINT_URL"),
        *("AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN"),
        *("ECS_CONTAINER_METADATA_URI_V4", "ECS_AGENT_URI"),
    }
    assert environment["GIVEN"] == "override"
    assert environment["TOKEN"].endswith("the-secret")
    assert environment["AWS_ENDPOINT_URL"] == cloud.endpoint_url


def test_should_give_a_container_a_port_that_no_one_listens_on(containers: Containers) -> None:
    _, lines = containers.run_to_end(["show_environment"])
    with socket.create_server(("127.0.0.1", int(json.loads(lines[0])["OWN_PORT"]))):
        """It is free."""


def test_should_put_the_entry_point_before_the_command(containers: Containers) -> None:
    task, lines = containers.run_to_end(
        ["end_with", "3"], entryPoint=["python", "-m"], command=["probe", "end_with", "3"]
    )
    assert lines == ["ending with 3"]
    assert task["containers"][0]["exitCode"] == 3


def test_should_decrypt_parameters_for_the_container(
    containers: Containers, cloud: LocalCloud
) -> None:
    name = f"/{containers.name}/token"
    cloud.client("ssm").put_parameter(Name=name, Value="plain", Type="SecureString")
    _, lines = containers.run_to_end(
        ["show_environment"], secrets=[{"name": "TOKEN", "valueFrom": name}]
    )
    assert json.loads(lines[0])["TOKEN"].startswith("plain")


def test_should_stop_the_other_containers_when_an_essential_one_ends(
    containers: Containers,
) -> None:
    port = str(free_port())
    wait = containers.definition("wait", "0", port)
    end = containers.definition("end_with", "5", port, name="main")
    definition = containers.register([end, {**wait, "name": "sidecar", "essential": False}])
    task = containers.run(definition)
    stopped = containers.await_status(task, "STOPPED")
    assert stopped["containers"][0]["exitCode"] == 5
    until(lambda: "asked to stop" in containers.lines(task, "sidecar"), "the sidecar has stopped")


def test_should_give_each_task_a_folder_of_its_own_and_remove_it(
    containers: Containers, cloud: LocalCloud
) -> None:
    work_dir = [{"name": "WORK_DIR", "value": "/work"}]
    mount = [{"sourceVolume": "work", "containerPath": "/work"}]
    folders = set()
    for _ in range(2):
        _, lines = containers.run_to_end(
            ["show_environment"], environment=work_dir, mountPoints=mount
        )
        folders.add(Path(json.loads(lines[0])["WORK_DIR"]))
    assert len(folders) == 2
    assert all(folder.is_relative_to(cloud.state_dir) for folder in folders)
    until(lambda: not any(folder.exists() for folder in folders), "the folders are gone")


def test_should_answer_the_tasks_own_metadata(containers: Containers) -> None:
    task, lines = containers.run_to_end(["show_metadata"])
    metadata = json.loads(lines[0])
    assert metadata["TaskARN"] == task["taskArn"]
    assert metadata["Cluster"].endswith(f":cluster/{containers.name}")
    assert (metadata["Family"], metadata["Revision"]) == (containers.name, "1")
    assert "ServiceName" not in metadata


def test_should_let_the_task_sign_its_calls_with_its_own_credentials(
    containers: Containers,
) -> None:
    role = "arn:aws:iam::000000000000:role/any-task"
    definition = containers.register([containers.definition("show_identity")], taskRoleArn=role)
    task = containers.run(definition)
    containers.await_status(task, "STOPPED")
    (arn,) = containers.lines(task)
    assert arn == "arn:aws:sts::000000000000:assumed-role/any-task/task"


def test_should_stream_the_log_while_the_task_runs(containers: Containers) -> None:
    task = containers.run(containers.define("wait", "0"))
    until(lambda: "ready" in containers.lines(task), "the first line is there")
    containers.await_status(task, "RUNNING")  # The line may be there a moment earlier.
    containers.ecs.stop_task(cluster=containers.name, task=task["taskArn"])


def test_should_say_stopped_only_when_the_process_has_ended_by_itself(
    containers: Containers,
) -> None:
    task = containers.run(containers.define("wait", "12"))
    until(lambda: "ready" in containers.lines(task), "the task is ready")
    containers.await_status(task, "RUNNING")
    answer = containers.ecs.stop_task(
        cluster=containers.name, task=task["taskArn"], reason="a person asked"
    )
    assert answer["task"]["desiredStatus"] == "STOPPED"
    assert answer["task"]["lastStatus"] == "RUNNING"
    stopped = containers.await_status(task, "STOPPED")
    assert containers.lines(task)[1:] == ["ready", "asked to stop"]
    assert stopped["containers"][0]["exitCode"] == 12
    assert (stopped["stopCode"], stopped["stoppedReason"]) == ("UserInitiated", "a person asked")


def test_should_kill_after_the_stop_timeout(containers: Containers) -> None:
    task = containers.run(containers.define("wait", "ignore", stopTimeout=2))
    until(lambda: "ready" in containers.lines(task), "the task is ready")
    containers.ecs.stop_task(cluster=containers.name, task=task["taskArn"])
    stopped = containers.await_status(task, "STOPPED")
    assert containers.lines(task)[-1] == "asked to stop"
    assert (stopped["stoppedAt"] - stopped["stoppingAt"]).total_seconds() > 1.9
    assert stopped["containers"][0]["exitCode"] == 137


def test_should_fail_to_start_without_an_image(containers: Containers) -> None:
    task, _ = failed_start(containers, image="unknown:v1")
    assert task["stoppedReason"].startswith("CannotPullContainerError")


def test_should_fail_to_start_without_its_log_group(containers: Containers) -> None:
    options = {"awslogs-group": "/no/such/group", "awslogs-region": "us-east-1"}
    task, reason = failed_start(
        containers, logConfiguration={"logDriver": "awslogs", "options": options}
    )
    assert "/no/such/group does not exist" in reason
    assert "exitCode" not in task["containers"][0]


def failed_start(containers: Containers, **changes: object) -> tuple[Task, str]:
    task = containers.run(containers.define("show_environment", **changes))
    stopped = containers.await_status(task, "STOPPED")
    assert stopped["stopCode"] == "TaskFailedToStart"
    return stopped, stopped["stoppedReason"]
