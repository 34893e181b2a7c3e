"""What dispatching costs: AWS calls a message, cold import time, a batch's wall time.

Needs no AWS: S3 and DynamoDB are the local cloud's, ECS is a fake of the two calls in use.
"""

import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import boto3

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.measuring.processes import timed_run  # noqa: E402 - run by path
from benchmarks.serving.cloud import sdk_cloud  # noqa: E402
from local.cloud import REGION, LocalCloud  # noqa: E402
from runtime.aws.tasks import LaunchTarget  # noqa: E402
from runtime.core.errors import Retryable  # noqa: E402
from runtime.core.jobs import start  # noqa: E402
from runtime.core.telemetry import Telemetry  # noqa: E402
from runtime.dispatcher.batch import failed_records  # noqa: E402
from runtime.dispatcher.dispatch import Dispatcher  # noqa: E402
from runtime.dispatcher.handler import compose  # noqa: E402
from runtime.dispatcher.settings import DispatcherSettings  # noqa: E402
from tests.contract.job_stores import make_dynamo_store  # noqa: E402
from tests.fakes.aws_endpoint import aws_endpoint  # noqa: E402
from tests.fakes.ecs import CLUSTER_ARN, FakeEcs  # noqa: E402
from tests.fakes.launcher import Fault  # noqa: E402
from tests.unit.dispatcher.world import s3_event, sqs_batch  # noqa: E402

BUCKET = "bench-media"
BATCH = 100
PLENTY_SECONDS = 600.0
IMPORTS = 7
"""Cold starts measured of each kind, taken in turn; the median counts."""

CLIENTS_ALONE = (
    "import boto3; "
    f"[boto3.client(name, region_name='{REGION}') for name in ('s3', 'dynamodb', 'ecs')]"
)
HANDLER = (
    "from runtime.dispatcher import handler; "
    "from runtime.aws import clients; "
    f"[make('{REGION}') for make in (clients.s3, clients.dynamodb, clients.ecs)]"
)


def main() -> None:
    """Measure and print."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        cloud = stack.enter_context(sdk_cloud(folder))
        ecs = FakeEcs()
        endpoint = stack.enter_context(aws_endpoint(ecs))
        os.environ["AWS_ENDPOINT_URL_ECS"] = endpoint.url
        calls: Counter[str] = Counter()
        boto3.setup_default_session()
        session: Any = boto3.DEFAULT_SESSION
        session.events.register("before-call", lambda model, **_: calls.update([model.name]))
        dispatcher = _dispatcher(cloud)
        _print_calls(dispatcher, ecs, calls, cloud)
        _print_batch(dispatcher, cloud)
    _print_imports()


def _dispatcher(cloud: LocalCloud) -> Dispatcher:
    cloud.client("s3").create_bucket(Bucket=BUCKET)
    store, idempotency_table = make_dynamo_store(cloud.client("dynamodb"))
    dispatcher = compose(
        DispatcherSettings(
            environment="bench",
            log_level="ERROR",
            region=REGION,
            media_bucket=BUCKET,
            jobs_table=store.jobs_table,
            idempotency_table=idempotency_table,
            tasks=LaunchTarget(
                cluster=CLUSTER_ARN,
                task_definition="bench:1",
                capacity_providers=("FARGATE",),
                subnet_ids=("subnet-bench",),
                security_group_ids=("sg-bench",),
            ),
            claim_lease_seconds=60,
            jobs_queue_url=cloud.client("sqs").create_queue(QueueName="bench-jobs")["QueueUrl"],
        )
    )
    # Metrics are log lines, which would mix with the figures.
    return replace(dispatcher, telemetry=Telemetry(log=dispatcher.telemetry.log))


def _print_calls(
    dispatcher: Dispatcher, ecs: FakeEcs, calls: Counter[str], cloud: LocalCloud
) -> None:
    s3 = cloud.client("s3")
    key = "uploads/any.mp4"
    body = s3_event(key, bucket=BUCKET)

    def upload() -> None:
        s3.put_object(Bucket=BUCKET, Key=key, Body=os.urandom(8))

    def delete() -> None:
        s3.delete_object(Bucket=BUCKET, Key=key)

    def running() -> None:
        upload()
        dispatcher.work(body)
        job = dispatcher.claims.jobs.get(dispatcher.objects.head(BUCKET, key).job_id)
        if job is not None:
            dispatcher.claims.jobs.save(job, start(job, now=time.time(), task_arn=None))

    def refused() -> None:
        upload()
        ecs.faults = [Fault.REFUSED]

    def lost() -> None:
        upload()
        ecs.faults = [Fault.ANSWER_LOST] * 2

    cases: dict[str, Callable[[], None]] = {
        "fresh upload": upload,
        "duplicate while another claim lives": lambda: None,
        "duplicate of a running job": running,
        "RunTask refused, claim released": refused,
        "RunTask's answers lost, task found": lost,
        "object gone": delete,
    }
    print(f"{'message':38} {'calls':>5}")
    for name, prepare in cases.items():
        prepare()
        calls.clear()
        try:
            dispatcher.work(body)
        except Retryable:
            outcome = "comes back"
        else:
            outcome = "deleted"
        print(f"{name:38} {calls.total():5}  {outcome:10}  {', '.join(calls.elements())}")


def _print_batch(dispatcher: Dispatcher, cloud: LocalCloud) -> None:
    s3 = cloud.client("s3")
    keys = [f"uploads/batch-{n}.mp4" for n in range(BATCH)]
    for key in keys:
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"any video")
    records = sqs_batch([s3_event(key, bucket=BUCKET) for key in keys])
    began = time.monotonic()
    failed = failed_records(
        records,
        work=dispatcher.work,
        resend=dispatcher.send_later,
        remaining_seconds=lambda: PLENTY_SECONDS,
        telemetry=dispatcher.telemetry,
    )
    seconds = time.monotonic() - began
    print(
        f"\nbatch of {BATCH}: {seconds:.2f} s against the emulator, "
        f"{seconds / BATCH * 1000:.0f} ms a message, {len(failed)} failed"
    )


def _print_imports() -> None:
    times: dict[str, list[float]] = {CLIENTS_ALONE: [], HANDLER: []}
    for _ in range(IMPORTS):
        for code, taken in times.items():
            wall, _ = timed_run([sys.executable, "-c", code], cwd=ROOT)
            taken.append(wall)
    alone, handler = (median(taken) for taken in times.values())
    print(f"\ncold start, boto3 and its clients alone: {alone:.2f} s")
    print(f"cold start, the handler and its clients:  {handler:.2f} s")
    print(f"ratio: {handler / alone:.2f}")


if __name__ == "__main__":
    main()
