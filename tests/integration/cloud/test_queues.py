import time
import uuid

import pytest
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError

from local.cloud import LocalCloud

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
