"""The job lifecycle: one transition table, pure functions from job to job.

Nothing here reads a clock or a table. A caller reads a job, asks for the next one, and saves it
through `JobStore.save(before, after)`, which is conditional on `before`'s state and attempt. The
attempt is the fencing token: a takeover raises it, which stops writes of the older attempt.
"""

from runtime.core.jobs.claims import (
    claim_new as claim_new,
    launched as launched,
    queued as queued,
    queued_again as queued_again,
    refused as refused,
    submitted as submitted,
    take_over as take_over,
)
from runtime.core.jobs.job import Failure as Failure, Hold as Hold, Job as Job, Source as Source
from runtime.core.jobs.requests import (
    QUIET_SECONDS as QUIET_SECONDS,
    OnHoldError as OnHoldError,
    cancel as cancel,
    erase as erase,
    hold as hold,
    release as release,
    rename as rename,
    reprocess as reprocess,
    retry as retry,
    retry_or_hasten as retry_or_hasten,
    run_again as run_again,
)
from runtime.core.jobs.runs import (
    SETTLED_SECONDS as SETTLED_SECONDS,
    beat as beat,
    fail as fail,
    publish as publish,
    report as report,
    start as start,
    succeed as succeed,
    suspect as suspect,
)
from runtime.core.jobs.states import (
    ENDED as ENDED,
    ON_REQUEST as ON_REQUEST,
    TRANSITIONS as TRANSITIONS,
    IllegalTransitionError as IllegalTransitionError,
    State as State,
)
from runtime.core.jobs.waiting import (
    CAPACITY as CAPACITY,
    FIRST_PAUSE_SECONDS as FIRST_PAUSE_SECONDS,
    FREE_INTERRUPTIONS as FREE_INTERRUPTIONS,
    LONGEST_PAUSE_SECONDS as LONGEST_PAUSE_SECONDS,
    MAX_INTERRUPTIONS as MAX_INTERRUPTIONS,
    SCAN as SCAN,
    announced as announced,
    backoff_seconds as backoff_seconds,
    hasten as hasten,
    requeue as requeue,
    wait as wait,
)
