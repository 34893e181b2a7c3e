"""Gap (1.5.33, upstream): services deploy rolling only; the end of a blue/green deployment."""

from ministack.services import ecs

from local.emulator.ecs.blue_green.run import Record, Run, find
from local.emulator.ecs.blue_green.stages import Status
from local.emulator.ecs.records import complete, note


def finish(service: Record, primary: Record, run: Run) -> None:
    """Show the end of a deployment in the service; doing so again changes nothing."""
    now, reason = ecs._iso(), run.progress.reason
    if primary["rolloutState"] != "IN_PROGRESS" or primary["status"] != "PRIMARY":
        return
    if run.progress.status is Status.SUCCESSFUL:
        complete(service, primary)
        return
    source = find(service, run.source) if run.source else None
    note(service, f"deployment failed: {reason}")
    if source is not None:
        source.update(
            status="PRIMARY",
            # It may have been interrupted when all that was left was the end of its own blue.
            rolloutState="COMPLETED",
            desiredCount=service["desiredCount"],
            updatedAt=now,
        )
        service["taskDefinition"] = source["taskDefinition"]
        primary.update(status="ACTIVE")
        note(service, "rolled back to the last completed deployment.")
    primary.update(rolloutState="FAILED", rolloutStateReason=reason, desiredCount=0, updatedAt=now)
