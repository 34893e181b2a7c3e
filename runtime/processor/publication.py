"""Publishes an attempt's results: points the record at them, then renews the public copy.

From the pointer on the results are those of the job. What is left is to copy them, to remove older
ones and to record the success; an attempt that finds them published does only that.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from runtime.core.contract import ResultFile
from runtime.core.errors import LeaseLost, Permanent
from runtime.core.jobs import Job
from runtime.core.log import Log
from runtime.core.ports import JobStore, ObjectNotFoundError, ObjectStore
from runtime.processor.host.workspace import workspace
from runtime.results.public_copy import PublicCopy
from runtime.results.published import PublishedResults, open_results
from runtime.results.superseded import Retention, corrected_by, retention


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """The publication of one attempt; `job` returns the record as this attempt last wrote it.

    `report` writes a heartbeat and raises `LeaseLost` when another attempt owns the job.
    """

    objects: ObjectStore
    jobs: JobStore
    job: Callable[[], Job]
    report: Callable[[], None]
    work_dir: Path
    log: Log

    def current(self) -> PublishedResults | None:
        """Return what the record points at; None without any results, or if they are gone."""
        try:
            return open_results(self.job(), self.objects)
        except ObjectNotFoundError:
            return None

    def of_this_request(self) -> PublishedResults | None:
        """Return results that an attempt has published since the last request, if there are any."""
        return None if self.job().published_by is None else self.current()

    def kept_files(self) -> Retention:
        """Return which files of earlier attempts stay, and so may be published once more."""
        return retention(self.current())

    def corrected(self) -> str | None:
        """Return the folder of what people corrected in the results that this attempt replaces."""
        return corrected_by(self.current())

    def make_public(self, results: PublishedResults) -> None:
        """Copy the current results to the public path, and remove older ones.

        What can never be copied is logged: readers of the record do not need it.
        """
        with workspace(self.work_dir, log=self.log) as folder:
            copy = PublicCopy(
                objects=self.objects,
                folder=folder,
                require_current=lambda: self._require_current(results),
                log=self.log,
            )
            try:
                copy.refresh(results)
            except (Permanent, ObjectNotFoundError) as error:
                self._require_current(results)
                self.log.error("results.not_copied", reason=str(error))

    def _require_current(self, results: PublishedResults) -> None:
        self.report()
        own = self.job()
        job = self.jobs.get(own.job_id)
        if job is None or (job.attempt, job.result_key) != (own.attempt, results.result_key):
            raise LeaseLost(
                "job.lease_lost",
                f"The results of attempt {own.attempt} of job {own.job_id} are no longer current.",
                "Nothing is to be done: the job's owner goes on with it.",
            )


def media_seconds_of(results: PublishedResults) -> float:
    """Return the length of the media, from the metrics that were published with the results."""
    return float(json.loads(results.read(ResultFile.METRICS))["media_seconds"])
