import sys
import time
import uuid
from pathlib import Path

import pytest
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError

from local.cloud import LocalCloud
from runtime.protection.testing.endpoint import serving
from scripts.package.__main__ import PROJECT, SOURCE
from tests.unit.packaging.workers import (
    assert_protected,
    assert_renewed,
    environment,
    inject_faults,
    jobs,
    scaled_time,
    wait_until,
    working,
)

pytestmark = pytest.mark.cloud


def test_should_give_no_message_to_a_poll_whose_client_has_gone(cloud: LocalCloud) -> None:
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName=f"any-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    impatient = cloud.client("sqs", Config(read_timeout=1, retries={"total_max_attempts": 1}))
    with pytest.raises(ReadTimeoutError):
        impatient.receive_message(QueueUrl=url, WaitTimeSeconds=20)
    sqs.send_message(QueueUrl=url, MessageBody="any")
    time.sleep(0.5)  # long enough for the poll, if it were still there, to look again
    assert len(sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5).get("Messages", [])) == 1


def test_should_protect_the_handling_of_each_message(cloud: LocalCloud, tmp_path: Path) -> None:
    """The example of the protection package, while the agent fails and under a scale-in."""
    (tmp_path / "scale_in_guard").symlink_to(SOURCE)
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName=f"any-{uuid.uuid4().hex[:8]}")["QueueUrl"]

    def send(count: int) -> None:
        for number in range(count):
            sqs.send_message(QueueUrl=url, MessageBody=f"job {number}")

    with serving() as agent:
        path = (scaled_time(tmp_path / "scaled"), str(tmp_path))
        env = cloud.aws_environment() | environment(agent, *path, QUEUE_URL=url)
        inject_faults(agent, refusal=True)
        send(2)
        example: list[str | Path] = [sys.executable, PROJECT / "examples/sqs_loop.py"]
        with working(example, env, tmp_path) as worker:
            worker.read_jobs(2)
            assert agent.faults == []
            wait_until(lambda: not agent.protected)
            send(2)
            worker.read_until(lambda said: said.count("begin ") > 2)
            worker.stop_when_unprotected(agent, seed="sqs")
            assert worker.process.returncode in {0, 143}  # between jobs, or in a poll
    found = jobs(worker.said)
    assert_protected(agent, found, least=3)
    assert_renewed(agent)
    counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    left = sum(
        int(counts[f"ApproximateNumberOfMessages{which}"])
        for which in ("", "NotVisible", "Delayed")
    )
    assert left == 4 - len(found), "each message was handled once and deleted, or is still there"
