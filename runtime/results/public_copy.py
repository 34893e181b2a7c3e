"""Keeps the copy of a job's current results directly under `results/<job_id>/`.

Readers that know the record need no copy. It is for people and tools that know a path. Each file
is replaced as a whole and only where it is as listed, and the record is read between listing and
writing. So a process whose results are no longer current changes nothing: either it reads that in
the record, or the newer copy has changed what it has listed.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from runtime.core.contract import ResultFile, result_prefix
from runtime.core.errors import LifestreamError, Retryable
from runtime.core.log import Log
from runtime.core.ports import ObjectChangedError, ObjectStore
from runtime.results.content_types import content_type
from runtime.results.published import PublishedResults
from runtime.results.superseded import superseded

PARALLEL_COPIES = 8
TRIES = 5
"""How often a copy starts again because another writer has changed a file since it was listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicCopy:
    """Copies results to the public path. `require_current` raises once others are current.

    `folder` is for temporary files.
    """

    objects: ObjectStore
    folder: Path
    require_current: Callable[[], None]
    log: Log

    def refresh(self, results: PublishedResults) -> None:
        """Copy every file, the manifest last; then remove what these results have superseded.

        A removal that fails is logged: a later publication tries again.
        """
        for _ in range(TRIES):
            listed = self._list(results)
            self.require_current()
            try:
                self._copy(results, listed)
                break
            except ObjectChangedError as error:
                self.log.info("results.changed_meanwhile", reason=str(error))
        else:
            raise Retryable(
                "results.contended",
                f"Another process keeps writing to the public results of job {results.job_id}.",
                "It is tried again.",
            )
        try:
            self._clean(results)
        except LifestreamError as error:
            self.log.warning("results.not_cleaned", code=error.code, reason=error.summary)

    def _list(self, results: PublishedResults) -> dict[str, str]:
        prefix = result_prefix(results.job_id)
        listed = self.objects.list_objects(results.bucket, prefix)
        return {found.source.key: found.source.etag for found in listed}

    def _copy(self, results: PublishedResults, listed: dict[str, str]) -> None:
        prefix = result_prefix(results.job_id)

        def copy(numbered: tuple[int, str]) -> None:
            number, name = numbered
            if results.keys[name] == prefix + name:
                return
            path = self.folder / f"copy-{number}"
            source = self.objects.head(results.bucket, results.keys[name])
            self.objects.download(source, path, lambda _: None)
            self.objects.replace(
                path,
                results.bucket,
                prefix + name,
                content_type(name),
                expected=listed.get(prefix + name),
            )
            path.unlink()

        names = [name for name in results.keys if name != ResultFile.MANIFEST]
        with ThreadPoolExecutor(max_workers=PARALLEL_COPIES) as pool:
            list(pool.map(copy, enumerate(names, start=1)))
        copy((0, ResultFile.MANIFEST))

    def _clean(self, results: PublishedResults) -> None:
        listed = list(self.objects.list_objects(results.bucket, result_prefix(results.job_id)))
        self.require_current()
        if outdated := superseded(results, listed):
            self.objects.remove(results.bucket, outdated)
            self.log.info("results.cleaned", objects=len(outdated))
