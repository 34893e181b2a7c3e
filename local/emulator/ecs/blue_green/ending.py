"""Gap (1.5.33, upstream): services deploy rolling only; the end of a blue/green deployment."""

from ministack.core.responses import new_uuid
from ministack.services import ecs

from local.emulator.ecs.blue_green.run import Record, Run, find
from local.emulator.ecs.blue_green.stages import Status


def finish(service: Record, primary: Record, run: Run) -> None:
    """Show the end of a deployment in the service; doing so again changes nothing."""
    now, reason = ecs._iso(), run.progress.reason
    if primary["rolloutState"] != "IN_PROGRESS" or primary["status"] != "PRIMARY":
        return
    if run.progress.status is Status.SUCCESSFUL:
        done = f"ECS deployment {primary['id']} completed."
        primary.update(rolloutState="COMPLETED", rolloutStateReason=done, updatedAt=now)
        announce(service, "has reached a steady state.")
        return
    source = find(service, run.source) if run.source else None
    announce(service, f"deployment failed: {reason}")
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
        announce(service, "rolled back to the last completed deployment.")
    primary.update(rolloutState="FAILED", rolloutStateReason=reason, desiredCount=0, updatedAt=now)


def announce(service: Record, what: str) -> None:
    """Add an event to a service."""
    message = f"(service {service['serviceName']}) {what}"
    event = {"id": new_uuid(), "createdAt": ecs._iso(), "message": message}
    service["events"].insert(0, event)
