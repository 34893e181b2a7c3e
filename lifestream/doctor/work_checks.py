"""What is wrong with what does the work: pure functions from facts to findings."""

from collections.abc import Iterable, Iterator, Mapping

from lifestream.doctor.findings import REDEPLOY, Finding, error
from lifestream.doctor.snapshot import (
    Alarm,
    Cluster,
    Function,
    Image,
    Role,
    Rule,
    Service,
    TaskDefinition,
)
from runtime.core.contract import REAPER_HANDLER, EnvVar
from runtime.core.jobs import Job, State

STUCK_AFTER_SECONDS = 1800.0
"""The reaper acts after minutes of silence; half an hour of it, and it does not act."""

QUEUED_STUCK_AFTER_SECONDS = 24 * 3600.0 + STUCK_AFTER_SECONDS
"""A job may wait in the work queue for a day; then the reaper acts."""

TASK_STOPPED = "ECS Task State Change"


def check_function(function: Function) -> Iterator[Finding]:
    """Check that a function can be invoked; an Inactive one wakes up when it is."""
    if function.state not in {"Active", "Inactive"}:
        yield error(
            f"function {function.name}",
            f"Its state is {function.state}.",
            "What it does is not done.",
        )


def check_dispatcher(
    function: Function, *, queue_arn: str | None, expected: Mapping[EnvVar, str]
) -> Iterator[Finding]:
    """Check that the dispatcher listens to the jobs queue and works on the right resources."""
    subject = f"function {function.name}"
    sources = [source for source in function.sources if queue_arn in (None, source.queue_arn)]
    if not any(source.enabled for source in sources):
        yield error(
            subject,
            "The jobs queue does not invoke it." if not sources else "Its event source is off.",
            "Uploads wait in the queue.",
            REDEPLOY if not sources else "Enable the event source mapping of the function.",
        )
    if any(not source.reports_item_failures for source in sources):
        yield error(
            subject,
            "Its event source ignores partial batch responses.",
            "One bad message fails all of its batch.",
        )
    for name, value in expected.items():
        given = function.variables.get(name)
        if given != value:
            yield error(
                subject,
                f"{name} is {given!r}, but the stacks publish {value!r}."
                if given
                else f"{name} is not set.",
                "It works on the wrong resources, or on none.",
            )
    lease = function.variables.get(EnvVar.CLAIM_LEASE_SECONDS, "")
    if lease.isdigit() and int(lease) <= function.timeout_seconds:
        yield error(
            subject,
            f"A claim is leased for {lease} s, no longer than the function may run "
            f"({function.timeout_seconds} s).",
            "A job can be taken over while its first dispatcher is still launching it.",
            "Raise dispatcher.claim_lease_seconds and deploy.",
        )


def check_reaper(functions: Iterable[Function], rules: Iterable[Rule]) -> Iterator[Finding]:
    """Check that there is a reaper, and that rules send it stopped tasks and the schedule."""
    name = next((each.name for each in functions if each.handler == REAPER_HANDLER), None)
    if name is None:
        yield error(
            "reaper",
            "There is none.",
            "Jobs whose task died, hung or never started stay as they are.",
        )
        return
    heard = [
        rule
        for rule in rules
        if rule.enabled and any(arn.endswith(f":{name}") for arn in rule.target_arns)
    ]
    if not any(TASK_STOPPED in rule.pattern for rule in heard):
        yield error(
            "reaper",
            "No rule sends it stopped tasks.",
            "Jobs whose task died wait for the next sweep.",
        )
    if not any(rule.scheduled for rule in heard):
        yield error(
            "reaper",
            "No schedule has it sweep.",
            "Jobs that hung or were never started stay as they are.",
        )


def check_image(image: Image) -> Iterator[Finding]:
    """Check that the image can be pulled."""
    if image.exists is False:
        yield error(
            f"image {image.uri}",
            "The registry does not have it.",
            "Every task fails to start, with CannotPullContainerError.",
            "Build and push it under this tag, or set processor.image_tag to one that exists.",
        )


def check_task_definition(definition: TaskDefinition) -> Iterator[Finding]:
    """Check that a revision which the dispatcher or a service starts can be started."""
    if not definition.active:
        yield error(
            f"task definition {definition.arn.rpartition('/')[2]}",
            "It is not active, but it is what is to be started.",
            "No task can be started.",
        )


def check_service(service: Service) -> Iterator[Finding]:
    """Check that workers come when they are wanted."""
    subject = f"service {service.name}"
    if service.status != "ACTIVE":
        yield error(
            subject,
            f"Its status is {service.status}.",
            "No worker runs, and jobs wait in the work queue.",
        )
        return
    if service.rollout_failed:
        yield error(
            subject,
            "Its last deployment failed.",
            "Workers run what was deployed before, or nothing.",
            "Read the service's events for the first failure, mend it and deploy again.",
        )
    if service.wanted and not service.running and not service.pending:
        yield error(
            subject,
            f"It wants {service.wanted} worker(s); none runs and none is starting.",
            "Jobs wait in the work queue.",
            "Follow docs/runbooks/workers-failing.md.",
        )
    if not service.scaled:
        yield error(
            subject, "Nothing scales it.", "However many jobs wait, no worker is started for them."
        )


def check_cluster(cluster: Cluster) -> Iterator[Finding]:
    """Check that there is a cluster to run tasks in."""
    if cluster.status != "ACTIVE":
        yield error(
            f"cluster {cluster.name}", f"Its status is {cluster.status}.", "No task can run."
        )


def check_rule(rule: Rule) -> Iterator[Finding]:
    """Check that a rule is on and reaches something."""
    if not rule.enabled or not rule.target_arns:
        yield error(
            f"rule {rule.name}",
            "It is disabled." if not rule.enabled else "It has no target.",
            "Its target receives no schedules or events: dead tasks are not noticed.",
            "Enable the rule." if not rule.enabled else REDEPLOY,
        )


def check_role(role: Role) -> Iterator[Finding]:
    """Check that a role exists."""
    if not role.exists:
        yield error(
            f"role {role.arn.rpartition('/')[2]}",
            "It does not exist.",
            "What is to run under it cannot start.",
        )


def check_alarm(alarm: Alarm) -> Iterator[Finding]:
    """Check that an alarm is quiet; one that says that workers are too many says so at rest."""
    if alarm.state == "ALARM" and not alarm.scales:
        yield error(
            f"alarm {alarm.name}",
            "It is in ALARM.",
            alarm.reason or "CloudWatch gave no reason.",
            "Follow its page in docs/runbooks.",
        )


def check_jobs(jobs: Iterable[Job], *, now: float, command: str) -> Iterator[Finding]:
    """Check that no job is stuck in its state."""
    for job in jobs:
        silent = now - max(job.updated_at, job.lease_until or 0.0)
        limit = QUEUED_STUCK_AFTER_SECONDS if job.queued else STUCK_AFTER_SECONDS
        if job.ended or silent < limit:
            continue
        about = f"attempt {job.attempt}, {job.source.key}"
        # A running job cannot be retried; it has to be cancelled first.
        waiting = job.state is State.PENDING
        yield error(
            f"job {job.job_id}",
            f"It {'has waited in the work queue' if job.queued else f'has been {job.state}'} "
            f"without a change for {silent / 60:.0f} min ({about}).",
            "The components should have moved it on long ago.",
            f"{command} jobs retry {job.job_id}"
            if waiting
            else f"{command} jobs cancel {job.job_id}, then {command} jobs retry {job.job_id}",
        )
