"""Holds a job back until GuardDuty has found its upload clean.

The tag of the stored object decides, not the event of a scan's result: events may be lost, come
late or come twice. An event only ends a wait early.
"""

from dataclasses import dataclass

from runtime.core.contract import SCAN_TAG
from runtime.core.jobs import Failure, Job
from runtime.core.malware import GONE, ScanDecision, decide_scan
from runtime.core.ports import ObjectNotFoundError, ObjectTags


@dataclass(frozen=True, slots=True)
class ScanGate:
    """Reads the result of a scan; an upload that is gone can never be scanned."""

    objects: ObjectTags

    def decide(self, job: Job) -> ScanDecision | Failure:
        """Return whether the job starts, waits or fails; raise `Retryable` where S3 is out."""
        try:
            return decide_scan(self.objects.tag(job.source, SCAN_TAG))
        except ObjectNotFoundError:
            return GONE
