"""The job lifecycle: one transition table, pure functions from job to job.

Nothing here reads a clock or a table. A caller reads a job, asks for the next one, and saves it
through `JobStore.save(before, after)`, which is conditional on `before`'s state and attempt. The
attempt is the fencing token: a takeover raises it, which stops writes of the older attempt.
"""

from runtime.core.jobs.claims import (
    claim_new,
    launched,
    queued,
    queued_again,
    refused,
    submitted,
    take_over,
)
from runtime.core.jobs.job import Failure, Hold, Job, Source
from runtime.core.jobs.requests import (
    QUIET_SECONDS,
    OnHoldError,
    cancel,
    erase,
    hold,
    release,
    rename,
    reprocess,
    retry,
    retry_or_hasten,
    run_again,
)
from runtime.core.jobs.runs import (
    SETTLED_SECONDS,
    beat,
    fail,
    publish,
    report,
    start,
    succeed,
    suspect,
)
from runtime.core.jobs.states import ENDED, ON_REQUEST, TRANSITIONS, IllegalTransitionError, State
from runtime.core.jobs.waiting import (
    CAPACITY,
    FIRST_PAUSE_SECONDS,
    FREE_INTERRUPTIONS,
    LONGEST_PAUSE_SECONDS,
    MAX_INTERRUPTIONS,
    SCAN,
    announced,
    backoff_seconds,
    hasten,
    requeue,
    wait,
)

__all__ = [
    "CAPACITY",
    "ENDED",
    "FIRST_PAUSE_SECONDS",
    "FREE_INTERRUPTIONS",
    "LONGEST_PAUSE_SECONDS",
    "MAX_INTERRUPTIONS",
    "ON_REQUEST",
    "QUIET_SECONDS",
    "SCAN",
    "SETTLED_SECONDS",
    "TRANSITIONS",
    "Failure",
    "Hold",
    "IllegalTransitionError",
    "Job",
    "OnHoldError",
    "Source",
    "State",
    "announced",
    "backoff_seconds",
    "beat",
    "cancel",
    "claim_new",
    "erase",
    "fail",
    "hasten",
    "hold",
    "launched",
    "publish",
    "queued",
    "queued_again",
    "refused",
    "release",
    "rename",
    "report",
    "reprocess",
    "requeue",
    "retry",
    "retry_or_hasten",
    "run_again",
    "start",
    "submitted",
    "succeed",
    "suspect",
    "take_over",
    "wait",
]
