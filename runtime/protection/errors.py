"""The errors of task protection: what happened, and what a person can do about it."""

from .answers import Failed


class ProtectionError(Exception):
    """A failure with a stable dotted code; `summary` and `resolution` are full sentences."""

    def __init__(self, code: str, summary: str, resolution: str) -> None:
        super().__init__(f"[{code}] {summary} {resolution}")
        self.code = code
        self.summary = summary
        self.resolution = resolution


class ProtectionLostError(ProtectionError):
    """A session's protection ends: checkpoint and stop."""


class ProtectionUnavailableError(ProtectionError):
    """No protection in time: try again later, or leave the job to another task."""


class ProtectionDeniedError(ProtectionError):
    """A retry gives the same answer: the task's rights must change."""


class ProtectionSettingError(ProtectionError):
    """The environment or a policy is invalid."""


def refused(reason: str, detail: str | None) -> ProtectionLostError:
    """Return the error of a refusal by ECS."""
    return ProtectionLostError(
        "protection.refused",
        f"ECS refuses to protect this task: {reason}{f' ({detail})' if detail else ''}.",
        "The job checkpoints and is released; another task resumes it. DEPLOYMENT_BLOCKED means "
        "more protected tasks than the service's desired count.",
    )


def running_out(seconds: float, last_error: str | None) -> ProtectionLostError:
    """Return the error of a lease that could not be renewed in time."""
    return ProtectionLostError(
        "protection.running_out",
        f"Protection of this task ends in {max(0.0, seconds):.0f} s and could not be renewed"
        f"{f': {last_error}' if last_error else ''}.",
        "The job checkpoints and is released; another task resumes it. Check the network path to "
        "ECS and the task role's ecs:UpdateTaskProtection.",
    )


def overstayed(session_id: str) -> ProtectionLostError:
    """Return the error of a session that was protected for as long as its deadline allows."""
    return ProtectionLostError(
        "protection.cap_reached",
        f"Session {session_id} has been protected up to its deadline and margin.",
        "The job is stuck or its deadline too short: look at its log, or raise the job timeout.",
    )


def forced(reason: str) -> ProtectionLostError:
    """Return the error of protection that was ended on purpose."""
    return ProtectionLostError(
        "protection.force_disabled",
        f"Protection of this task was ended on purpose: {reason}.",
        "The job checkpoints and is released; another task resumes it.",
    )


def died() -> ProtectionLostError:
    """Return the error of a dead renewal thread."""
    return ProtectionLostError(
        "protection.thread_died",
        "The thread that renews task protection died.",
        "The job checkpoints and is released, and this process ends; look for "
        "protection.thread_died in the log.",
    )


def denied(answer: Failed) -> ProtectionDeniedError:
    """Return the error of a task that lacks the permission to protect itself."""
    return ProtectionDeniedError(
        "protection.denied",
        f"ECS will not let this task protect itself: {answer.code}: {answer.message}.",
        "Grant the task role ecs:UpdateTaskProtection and ecs:GetTaskProtection on "
        f"task/<cluster>/*, then run `python -m {__package__} check` in the task.",
    )
