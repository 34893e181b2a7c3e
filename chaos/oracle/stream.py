"""Records every version of every job's record, from the jobs table's own stream."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from chaos.system import System
from runtime.aws.job_items import job_of
from runtime.core.contract import Output
from runtime.core.jobs import Job

IMAGES = "NEW_AND_OLD_IMAGES"


def record_changes(system: System) -> str:
    """Switch the jobs table's stream on, unless its deployment has one, and return its ARN."""
    tables, name = system.cloud.client("dynamodb"), system.outputs[Output.JOBS_TABLE]
    table = tables.describe_table(TableName=name)["Table"]
    if "LatestStreamArn" not in table:
        table = tables.update_table(
            TableName=name,
            StreamSpecification={"StreamEnabled": True, "StreamViewType": IMAGES},
        )["TableDescription"]
    return str(table["LatestStreamArn"])


def histories(
    system: System, stream: str, written: Mapping[str, float]
) -> Mapping[str, Sequence[Job]]:
    """Return all versions of each job's record in the order of their writes.

    `updated_at` is when the write took effect, by the harness's clock, where `written` has it: the
    writer's own clock may be wrong.
    """
    found: defaultdict[str, list[Job]] = defaultdict(list)
    for record in _records(system, stream):
        image = record["dynamodb"].get("NewImage")
        if image is not None:
            job = job_of(image)
            at = written.get(image["write_id"]["S"], job.updated_at)
            job = replace(job, updated_at=at)
            found[job.job_id].append(job)
    return found


def _records(system: System, stream: str) -> Iterator[dict[str, Any]]:
    streams = system.cloud.client("dynamodbstreams")
    for shard in streams.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"]:
        iterator = streams.get_shard_iterator(
            StreamArn=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while iterator:
            page = streams.get_records(ShardIterator=iterator)
            if not page["Records"]:
                break
            yield from page["Records"]
            iterator = page.get("NextShardIterator")
