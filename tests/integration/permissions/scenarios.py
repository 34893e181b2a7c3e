"""What the system must do, each as a function that raises `BrokenError` when it is not done.

A scenario looks for the outcome, and for the first sign that it will not come, so that nothing
waits for what cannot happen.
"""

import json
import uuid

from runtime.aws.object_store import S3ObjectStore
from runtime.core.contract import (
    ERASE_EVENT,
    PROCESSOR_CONTAINER_NAME,
    RECONCILE_EVENT,
    RESULTS_PREFIX,
    WORK_PREFIX,
    ExitCode,
    JobsTable,
    Output,
    ResultFile,
    result_prefix,
)
from runtime.core.jobs import (
    Job,
    Source,
    State,
    cancel,
    claim_new,
    erase,
    publish,
    start,
    suspect,
)
from runtime.core.messages import requeue_message
from tests.integration.cloud.waiting import until
from tests.integration.permissions.system import BrokenError, System

AN_AGE = 10_000.0
"""Older than anything that the reaper waits for, in seconds."""

SLEEP = "import time; time.sleep(600)"

BREAK_UPLOADS = """
import pathlib, sys
from runtime.aws import clients
from runtime.aws.object_store import S3ObjectStore
from runtime.core.errors import LifestreamError
def fail(**_):
    raise OSError("the connection broke")
client = clients.s3("us-east-1")
client.meta.events.register("before-call.s3.UploadPart", fail)
path = pathlib.Path("large")
path.write_bytes(bytes(9 << 20))
for key in {keys}:
    try:
        S3ObjectStore(client).upload(path, "{bucket}", key, "application/json")
    except (LifestreamError, OSError):
        continue
    sys.exit(1)
"""

ASK_AGENT = """
import json, os, sys, urllib.request
url = os.environ["ECS_AGENT_URI"] + "/task-protection/v1/state"
body = json.dumps({"ProtectionEnabled": True}).encode()
for method, data in (("GET", None), ("PUT", body)):
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    try:
        urllib.request.urlopen(request)
    except urllib.error.HTTPError:
        sys.exit(1)
"""


def upload_is_processed(system: System) -> None:
    """A video is dispatched, runs as a task, is published, and both have logged."""
    source = system.put()
    leave_old_results(system, source)
    if failed := system.dispatch(source.key):
        raise BrokenError(f"the dispatcher failed on {failed}")
    task = system.ended(system.launched_task(source))
    job = system.job(source)
    if job.state is not State.SUCCEEDED:
        raise BrokenError(f"the job is {job.state}; its task: {task.get('stoppedReason')}")
    require_results(system, source)
    lines = system.lines(system.deployed.outputs[Output.PROCESSOR_LOG_GROUP], job.job_id)
    if not any("job.succeeded" in line for line in lines):
        raise BrokenError("the processor has not logged that it recorded the success")


def leave_old_results(system: System, source: Source) -> None:
    """Leave a file of an earlier attempt, which results that replace it remove."""
    key = f"{result_prefix(source.job_id)}attempts/0/any.json"
    system.client("s3").put_object(Bucket=system.deployed.bucket, Key=key, Body=b"{}")


def require_results(system: System, source: Source) -> None:
    """Require that results are published, copied to the public path, and the only ones."""
    objects = S3ObjectStore(system.client("s3"))
    prefix, job = result_prefix(source.job_id), system.job(source)
    keys = {each.source.key for each in objects.list_objects(system.deployed.bucket, prefix)}
    if job.result_key not in keys or prefix + ResultFile.MANIFEST not in keys:
        raise BrokenError(f"of the results at {job.result_key} there are {sorted(keys)}")
    if f"{prefix}attempts/0/any.json" in keys:
        raise BrokenError("older results were not removed")


def published_job_succeeds(system: System) -> None:
    """The reaper records the success of a published job that cannot run again."""
    job = _running(system, since=system.now())
    result_key = result_prefix(job.job_id) + "attempts/1/summary.json"
    system.jobs.save(job, publish(job, now=system.now(), result_key=result_key))
    detail = {
        "lastStatus": "STOPPED",
        "startedBy": f"{job.job_id}-{job.attempt}",
        "containers": [
            {"name": PROCESSOR_CONTAINER_NAME, "exitCode": int(ExitCode.BAD_CONFIGURATION)}
        ],
    }
    event = {"detail-type": "ECS Task State Change", "source": "aws.ecs", "detail": detail}
    system.invoke(Output.REAPER_FUNCTION, event)
    if (ended := system.job(job.source)).state is not State.SUCCEEDED:
        raise BrokenError(f"the published job is {ended.state}")


def upload_is_noticed(system: System) -> None:
    """An upload becomes a message, Lambda polls it, and the message is gone afterwards."""
    with system.polling() as last_result:
        source = system.put()

        def taken() -> str | None:
            if (result := last_result()).startswith("PROBLEM"):
                return result
            return "taken" if system.jobs.get(source.job_id) and not _waiting(system) else None

        outcome = until(taken, "the message is taken or refused")
    if outcome != "taken":
        raise BrokenError(outcome)


def repeated_message_is_harmless(system: System) -> None:
    """A message that comes again changes nothing and is let go."""
    job = _running(system, since=system.now())
    if failed := system.dispatch(job.source.key):
        raise BrokenError(f"the dispatcher failed on {failed}")


def lost_launch_is_found(system: System) -> None:
    """A dispatcher that died after starting a task is followed by one that looks for the task."""
    job = claim_new(system.put(), now=system.now() - AN_AGE, lease_seconds=1.0)
    system.jobs.create(job)
    if failed := system.dispatch(job.source.key):
        raise BrokenError(f"the dispatcher failed on {failed}")


def deleted_upload_is_let_go(system: System) -> None:
    """A message about an object that is gone is no reason to try again."""
    if failed := system.dispatch(f"uploads/{uuid.uuid4().hex}.mp4"):
        raise BrokenError(f"the dispatcher failed on {failed}")


def broken_upload_leaves_nothing(system: System) -> None:
    """A large file of which a part cannot be written leaves no parts behind, which cost money."""
    keys = [f"{prefix}{uuid.uuid4().hex}" for prefix in (WORK_PREFIX, RESULTS_PREFIX)]
    program = BREAK_UPLOADS.format(bucket=system.deployed.bucket, keys=keys)
    task = system.ended(system.run(program, started_by="test"))
    if (code := task["containers"][0]["exitCode"]) != 0:
        raise AssertionError(f"the uploads did not break as they should: exit code {code}")
    left = system.client("s3").list_multipart_uploads(Bucket=system.deployed.bucket)
    if found := {upload["Key"] for upload in left.get("Uploads", [])} & set(keys):
        raise BrokenError(f"parts of {found} were left behind")


def agent_answers(system: System) -> None:
    """The task agent asks ECS about the task's protection, and to change it."""
    task = system.ended(system.run(ASK_AGENT, started_by="test"))
    if (code := task["containers"][0]["exitCode"]) != 0:
        raise BrokenError(f"the agent answered with an error: exit code {code}")


def hung_job_is_put_back(system: System) -> None:
    """The sweep finds a job that hangs, stops its task, puts it back, announces and logs it."""
    job = _running(system, since=system.now() - AN_AGE)
    system.jobs.save(job, suspect(job, now=job.updated_at))
    task = system.run(SLEEP, started_by=f"{job.job_id}-{job.attempt}")
    try:
        system.invoke(Output.REAPER_FUNCTION, {"detail-type": "Scheduled Event"})
        if system.task(task)["desiredStatus"] != "STOPPED":
            raise BrokenError("the task was not stopped")
    finally:
        system.client("ecs").stop_task(cluster=system.deployed.outputs[Output.CLUSTER], task=task)
    _require_put_back(system, job)
    if not system.function_lines(Output.REAPER_FUNCTION, job.job_id):
        raise BrokenError("the reaper has logged nothing")


def uploads_are_reconciled(system: System) -> None:
    """The reaper lists the uploads to find those without a job."""
    system.invoke(Output.REAPER_FUNCTION, {"detail-type": RECONCILE_EVENT})


def job_is_erased(system: System) -> None:
    """Every version goes, and the dead letter that names the job; at last its id goes too."""
    s3, bucket, letters = system.client("s3"), system.deployed.bucket, Output.JOBS_DLQ_URL
    job = _running(system, since=system.now())
    prefixes = (job.source.key, f"{WORK_PREFIX}{job.job_id}/", result_prefix(job.job_id))
    for prefix in prefixes:
        if prefix != job.source.key:
            s3.put_object(Bucket=bucket, Key=f"{prefix}any", Body=b"any")
            s3.delete_object(Bucket=bucket, Key=f"{prefix}any")
        place = prefix if prefix == job.source.key else f"{prefix}any"
        s3.create_multipart_upload(Bucket=bucket, Key=place)
    system.messages(letters)
    for body in (job.job_id, "of another one"):
        system.client("sqs").send_message(
            QueueUrl=system.deployed.outputs[letters], MessageBody=body
        )
    ended = cancel(job, now=system.now() + 1)
    system.jobs.save(job, ended)
    system.jobs.save(ended, erase(ended, now=system.now() + 1))
    system.invoke(Output.REAPER_FUNCTION, {"detail-type": ERASE_EVENT})
    if system.jobs.get(job.job_id) is not None:
        raise BrokenError("the job still has its record")
    for prefix in prefixes:
        if s3.list_object_versions(Bucket=bucket, Prefix=prefix).get("Versions"):
            raise BrokenError(f"versions are left below {prefix}")
        if s3.list_multipart_uploads(Bucket=bucket, Prefix=prefix).get("Uploads"):
            raise BrokenError(f"parts are left below {prefix}")
    if system.messages(letters) != ["of another one"]:
        raise BrokenError("the dead letters are not those of other jobs")
    _require_closing(system, job)


def _require_closing(system: System, job: Job) -> None:
    """Let the time pass in which late writes are removed: nothing keeps the id after it."""
    key = {JobsTable.PARTITION_KEY: {"S": job.job_id}}
    table = system.deployed.outputs[Output.JOBS_TABLE]
    dynamodb = system.client("dynamodb")
    dynamodb.update_item(
        TableName=table,
        Key=key,
        UpdateExpression="SET watched_until = :past",
        ExpressionAttributeValues={":past": {"N": "1"}},
    )
    system.invoke(Output.REAPER_FUNCTION, {"detail-type": ERASE_EVENT})
    if "Item" in dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True):
        raise BrokenError("the id of the erased job is kept")


def stopped_task_is_answered(system: System) -> None:
    """ECS's event of a task that died puts its job back."""
    job = _running(system, since=system.now())
    detail = {"lastStatus": "STOPPED", "startedBy": f"{job.job_id}-{job.attempt}"}
    event = {"detail-type": "ECS Task State Change", "source": "aws.ecs", "detail": detail}
    system.invoke(Output.REAPER_FUNCTION, {**event, "detail": {**detail, "stopCode": "Spot"}})
    _require_put_back(system, job)


def unreadable_event_is_kept(system: System) -> None:
    """What the reaper fails on for good is kept where an alarm looks."""
    name = system.deployed.outputs[Output.REAPER_FUNCTION]

    def lost() -> int:
        return system.sum_of("AWS/Lambda", "DestinationDeliveryFailures", FunctionName=name)

    before = lost()
    event = {"detail-type": "ECS Task State Change", "mark": uuid.uuid4().hex}
    system.client("lambda").invoke(
        FunctionName=name, InvocationType="Event", Payload=json.dumps(event)
    )

    def kept() -> str | None:
        if any(event["mark"] in body for body in system.dead_events()):
            return "kept"
        return "lost" if lost() > before else None

    if until(kept, "the event is kept or lost") != "kept":
        raise BrokenError("the event could not be sent to its dead letters")


def _running(system: System, *, since: float) -> Job:
    claimed = claim_new(system.put(), now=since, lease_seconds=0.0)
    system.jobs.create(claimed)
    running = start(claimed, now=since, task_arn=None)
    system.jobs.save(claimed, running)
    return running


def _require_put_back(system: System, job: Job) -> None:
    found = system.jobs.get(job.job_id)
    if found is None or found.state is not State.PENDING:
        raise BrokenError(f"the job was not put back but is {found and found.state}")
    if requeue_message(job.job_id) not in system.messages(Output.JOBS_QUEUE_URL):
        raise BrokenError("the job was put back without a message")


def _waiting(system: System) -> bool:
    counts = system.client("sqs").get_queue_attributes(
        QueueUrl=system.deployed.outputs[Output.JOBS_QUEUE_URL],
        AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    )["Attributes"]
    return any(int(count) for count in counts.values())
