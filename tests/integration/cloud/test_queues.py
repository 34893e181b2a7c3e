import os
import subprocess
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
    """The example of the protection package, which deletes a message before it lets go."""
    (tmp_path / "scale_in_guard").symlink_to(SOURCE)
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName=f"any-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    for number in range(2):
        sqs.send_message(QueueUrl=url, MessageBody=f"job {number}")
    with serving() as agent:
        environment = {
            **cloud.aws_environment(),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(tmp_path),
            "QUEUE_URL": url,
            "ECS_AGENT_URI": agent.uri,
        }
        example = [sys.executable, str(PROJECT / "examples/sqs_loop.py")]
        with subprocess.Popen(
            example, env=environment, stdout=subprocess.PIPE, text=True
        ) as worker:
            assert worker.stdout
            said = [worker.stdout.readline() for _ in range(6)]
            worker.terminate()
            assert worker.wait(20) in {0, 143}  # between jobs, or in a poll
    times = [float(line.split()[1]) for line in said if not line.startswith("message")]
    for begin, end in zip(times[::2], times[1::2], strict=True):
        assert agent.gaps(begin, end) == []
    counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert counts["ApproximateNumberOfMessages"] == "0"
    assert counts["ApproximateNumberOfMessagesNotVisible"] == "0"
