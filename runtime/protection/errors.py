"""The errors by which a job learns that its protection ended, or cannot be had."""

from runtime.core.errors import LeaseLost, Permanent
from runtime.core.protection import Failed


def refused(reason: str, detail: str | None) -> LeaseLost:
    """Return the error of a refusal by ECS."""
    return LeaseLost(
        "protection.refused",
        f"ECS refuses to protect this task: {reason}{f' ({detail})' if detail else ''}.",
        "The job checkpoints and is released; another task resumes it. DEPLOYMENT_BLOCKED means "
        "more protected tasks than the service's desired count.",
    )


def running_out(seconds: float, last_error: str | None) -> LeaseLost:
    """Return the error of a lease that could not be renewed in time."""
    return LeaseLost(
        "protection.running_out",
        f"Protection of this task ends in {max(0.0, seconds):.0f} s and could not be renewed"
        f"{f': {last_error}' if last_error else ''}.",
        "The job checkpoints and is released; another task resumes it. Check the network path to "
        "ECS and the task role's ecs:UpdateTaskProtection.",
    )


def overstayed(session_id: str) -> LeaseLost:
    """Return the error of a session that was protected for as long as its deadline allows."""
    return LeaseLost(
        "protection.cap_reached",
        f"Session {session_id} has been protected up to its deadline and margin.",
        "The job is stuck or its deadline too short: look at its log, or raise the job timeout.",
    )


def forced(reason: str) -> LeaseLost:
    """Return the error of protection that was ended on purpose."""
    return LeaseLost(
        "protection.force_disabled",
        f"Protection of this task was ended on purpose: {reason}.",
        "The job checkpoints and is released; another task resumes it.",
    )


def died() -> LeaseLost:
    """Return the error of a dead renewal thread."""
    return LeaseLost(
        "protection.thread_died",
        "The thread that renews task protection died.",
        "The job checkpoints and is released, and this process ends; look for "
        "protection.thread_died in the log.",
    )


def denied(answer: Failed) -> Permanent:
    """Return the error of a task that lacks the permission to protect itself."""
    return Permanent(
        "protection.denied",
        f"ECS will not let this task protect itself: {answer.code}: {answer.message}.",
        "Grant the task role ecs:UpdateTaskProtection and ecs:GetTaskProtection on "
        "task/<cluster>/*, then run `python -m runtime.protection check` in the task.",
    )
