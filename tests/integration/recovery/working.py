"""Uploading, sweeping and waiting, in a deployed environment."""

import json
import time

from lifestream.follow import follow
from local.deployed import Deployed, job_store
from runtime.aws.object_store import S3ObjectStore
from runtime.core.clock import SystemClock
from runtime.core.contract import JobsTable, Output
from runtime.core.jobs import Job, Source

AN_HOUR_SECONDS = 3600.0
SILENCE_SECONDS = 600.0
"""Only what never happens takes as long, also on a busy machine."""


def put(deployed: Deployed, name: str, content: bytes) -> Source:
    """Upload a video under a name."""
    key = f"uploads/{name}.mp4"
    store = S3ObjectStore(deployed.cloud.client("s3"))
    store.write_bytes(content, deployed.bucket, key, "video/mp4")
    return store.head(deployed.bucket, key)


def end_of(deployed: Deployed, source: Source) -> Job:
    """Wait for the job's end; fail when nothing is heard of it for `SILENCE_SECONDS`."""
    jobs = job_store(deployed)
    *_, last = follow(
        lambda: jobs.get(source.job_id), clock=SystemClock(), silence_seconds=SILENCE_SECONDS
    )
    assert last.job is not None
    return last.job


def sweep(deployed: Deployed) -> None:
    """Do what the schedule does, now."""
    answer = deployed.cloud.client("lambda").invoke(
        FunctionName=deployed.outputs[Output.REAPER_FUNCTION],
        Payload=json.dumps({"source": "aws.events", "detail-type": "Scheduled Event"}),
    )
    assert "FunctionError" not in answer, answer["Payload"].read()


def let_an_hour_pass_for(deployed: Deployed, source: Source) -> None:
    """Make the job's last sign of life an hour old, and an earlier sweep suspect it."""
    deployed.cloud.client("dynamodb").update_item(
        TableName=deployed.outputs[Output.JOBS_TABLE],
        Key={JobsTable.PARTITION_KEY: {"S": source.job_id}},
        UpdateExpression="SET #at = :then, suspected_at = :then",
        ExpressionAttributeNames={"#at": JobsTable.STATE_INDEX_SORT_KEY},
        ExpressionAttributeValues={":then": {"N": str(time.time() - AN_HOUR_SECONDS)}},
    )
