"""Numbered revisions of a job's results: each holds the journal so far and all rendered files.

A revision is written into a folder of its own, named by its number and its journal's digest. Then
the pointer in the job's record is moved to it by compare and swap. Of two people who correct the
same revision, one is refused and reads again.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache, partial

from runtime.core.clock import WallClock
from runtime.core.contract import ResultFile, attempt_folder, result_prefix
from runtime.core.jobs import Job, State
from runtime.core.media import PublishedFile
from runtime.core.ports import JobStore, ObjectNotFoundError, ObjectStore, StaleWriteError
from runtime.corrections.captions import Format
from runtime.corrections.carrying import carry
from runtime.corrections.document import Document, document_of
from runtime.corrections.edits import Edit, EditRefusedError
from runtime.corrections.imports import import_edits
from runtime.corrections.journal import Action, Journal, journal_bytes, read_journal
from runtime.corrections.render import corrected
from runtime.results.content_types import content_type
from runtime.results.findings import UnreadableFindingsError, read_findings
from runtime.results.job_result import JobResult, speaker_name
from runtime.results.published import PublishedResults, open_results
from runtime.results.render.manifest import describe_files, manifest_document
from runtime.results.render.text import json_bytes
from runtime.results.superseded import attempt_of

_REVISION = re.compile(r"/revisions/(?P<revision>\d+)-[0-9a-f]+/")

PARALLEL_WRITES = 8

Render = Callable[[JobResult], Mapping[str, bytes]]


class RevisionChangedError(Exception):
    """The results are not those that the caller corrected; `revision` is the current one."""

    def __init__(self, revision: int) -> None:
        super().__init__(f"the current revision is {revision}")
        self.revision = revision


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """A job's current results as they can be edited."""

    job: Job
    results: PublishedResults
    found: JobResult
    journal: Journal

    @property
    def folder(self) -> str:
        """The folder of these results below the job's, with its slash."""
        key = self.results.result_key.removeprefix(result_prefix(self.job.job_id))
        return key.removesuffix(ResultFile.SUMMARY_JSON)

    def folder_of(self, revision: int) -> str:
        """Return the folder of a revision below the job's; raise `EditRefusedError`."""
        if revision == self.journal.revision:
            return self.folder
        if revision > self.journal.revision:
            raise _no_revision(revision)
        if revision == 0:
            return attempt_folder(attempt_of(self.results) or 0)
        return self.journal.folders[revision - 1]

    @property
    def document(self) -> Document:
        """The words with all corrections in force."""
        return self.journal.applied_to(document_of(self.found))


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierRun:
    """The corrections of the run before, which are kept until they are carried over."""

    journal: Journal
    found: JobResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Revisions:
    """Reads and publishes corrections. `render` returns the documents of a result by name."""

    objects: ObjectStore
    jobs: JobStore
    clock: WallClock
    render: Render

    def read(self, job: Job) -> Corrected:
        """Return the current state.

        Raises `EditRefusedError` where there are no results that can be corrected.
        """
        try:
            results = open_results(job, self.objects)
            found = _found(results.read(ResultFile.FINDINGS))
        except (ObjectNotFoundError, UnreadableFindingsError) as error:
            raise EditRefusedError(
                "edits.not_editable",
                "There are no results that can be corrected: the job has published none, or an "
                "older version has.",
            ) from error
        return Corrected(job=job, results=results, found=found, journal=_journal_of(results))

    def edit(
        self,
        job: Job,
        edits: Sequence[Edit],
        *,
        author: str,
        expected: int,
        action: Action = Action.EDITS,
    ) -> Corrected:
        """Add edits; raise `RevisionChangedError` unless `expected` is the current revision."""
        change = partial(Journal.appended, edits=edits, action=action)
        return self._publish(job, expected, change, author=author)

    def undo(self, job: Job, *, author: str, expected: int) -> Corrected:
        """Take the last edit back, or the last import."""
        return self._publish(job, expected, Journal.undone, author=author)

    def redo(self, job: Job, *, author: str, expected: int) -> Corrected:
        """Make the edit again that was taken back last."""
        return self._publish(job, expected, Journal.redone, author=author)

    def restore(self, job: Job, revision: int, *, author: str, expected: int) -> Corrected:
        """Return to the edits of an earlier revision, in a new one."""
        change = partial(Journal.as_of, earlier=self.earlier(self.read(job), revision))
        return self._publish(job, expected, change, author=author)

    def earlier(self, current: Corrected, revision: int) -> Journal:
        """Return the journal of a revision, 0 for what the machine found."""
        if revision == 0:
            return Journal()
        if revision == current.journal.revision:
            return current.journal
        try:
            return read_journal(self._file(current, current.folder_of(revision) + ResultFile.EDITS))
        except ObjectNotFoundError as error:
            raise _no_revision(revision) from error

    def document_of(self, current: Corrected, revision: int) -> Document:
        """Return the document of a revision, in the words of the current results."""
        earlier = self.earlier(current, revision)
        return current.journal.document_as_of(earlier, document_of(current.found))

    def earlier_run(self, current: Corrected) -> EarlierRun | None:
        """Return what people corrected in the run before, if it was kept with these results."""
        folder = current.results.corrected
        if folder is None:
            return None
        attempt = folder[: folder.index("/", folder.index("/") + 1) + 1]
        try:
            written = self._file(current, folder + ResultFile.EDITS)
            found = self._file(current, attempt + ResultFile.FINDINGS)
            return EarlierRun(journal=read_journal(written), found=read_findings(found))
        except (ObjectNotFoundError, UnreadableFindingsError):
            return None

    def carry(self, job: Job, *, author: str, expected: int) -> Corrected:
        """Carry the corrections of the run before over to these results, as one change."""
        current = self.read(job)
        earlier = self.earlier_run(current)
        if earlier is None:
            raise EditRefusedError(
                "edits.nothing_to_carry", "No corrections of an earlier run are kept."
            )

        change = partial(carry, earlier=earlier.journal, before=earlier.found, after=current.found)
        return self._publish(job, expected, change, author=author)

    def import_edits(
        self, current: Corrected, content: bytes, form: Format, *, base: int
    ) -> list[Edit]:
        """Return the edits that were made in a file exported from the revision `base`."""
        document = self.document_of(current, base)
        return import_edits(
            document,
            content,
            form,
            first_number=len(current.journal.entries) + 1,
            name_of=lambda label: document.names.get(label) or speaker_name(label),
        )

    def results_of(self, current: Corrected, revision: int) -> PublishedResults:
        """Return the files that a revision published; raise `EditRefusedError` without any."""
        key = result_prefix(current.job.job_id) + current.folder_of(revision)
        try:
            return open_results(
                replace(current.job, result_key=key + ResultFile.SUMMARY_JSON), self.objects
            )
        except ObjectNotFoundError as error:
            raise _no_revision(revision) from error

    def _file(self, current: Corrected, name: str) -> bytes:
        key = result_prefix(current.job.job_id) + name
        return self.objects.read_bytes(current.job.source.bucket, key)

    def _publish(
        self, job: Job, expected: int, change: Callable[..., Journal], *, author: str
    ) -> Corrected:
        """Publish the journal that `change` makes of the current one, by whom and now."""
        if job.state is not State.SUCCEEDED:
            raise EditRefusedError(
                "edits.not_ended", f"The job is {job.state}; correct it once it has succeeded."
            )
        current = self.read(job)
        if current.journal.revision != expected:
            raise RevisionChangedError(current.journal.revision)
        journal = replace(
            change(current.journal, author=author, at=self.clock.now()),
            folders=(*current.journal.folders, *([current.folder] if expected else ())),
        )
        result = corrected(current.found, journal.applied_to(document_of(current.found)))
        written = journal_bytes(journal)
        digest = hashlib.sha256(written).hexdigest()[:16]
        attempt = attempt_of(current.results) or 0
        folder = attempt_folder(attempt, f"{journal.revision}-{digest}")
        rendered = {**self.render(result), ResultFile.EDITS: written}
        self._write(current, folder, rendered)
        prefix = result_prefix(job.job_id)
        moved = replace(
            job,
            result_key=prefix + folder + ResultFile.SUMMARY_JSON,
            updated_at=self.clock.now(),
        )
        try:
            self.jobs.save(job, moved)
        except StaleWriteError as error:
            fresh = self.jobs.get(job.job_id)
            raise RevisionChangedError(
                expected if fresh is None else self.read(fresh).journal.revision
            ) from error
        self._copy(moved, rendered)
        return Corrected(
            job=moved,
            results=open_results(moved, self.objects),
            found=current.found,
            journal=journal,
        )

    def _write(self, current: Corrected, folder: str, rendered: Mapping[str, bytes]) -> None:
        """Write a revision; what it shares with earlier ones is listed by path."""
        bucket = current.job.source.bucket
        files = describe_files(rendered)
        own = {file.name for file in files}
        shared = [file for file in _listed(current) if file.name not in own]
        manifest = manifest_document(
            current.job.job_id,
            [*files, *shared],
            folder=folder,
            corrected=current.results.corrected,
        )
        contents = {**rendered, ResultFile.METRICS: current.results.read(ResultFile.METRICS)}
        prefix = result_prefix(current.job.job_id) + folder
        self._store(contents, bucket, prefix)
        # Last: a reader that finds it finds all files.
        self._store({ResultFile.MANIFEST: json_bytes(manifest)}, bucket, prefix)

    def _copy(self, job: Job, rendered: Mapping[str, bytes]) -> None:
        """Renew the copy of the documents at the public path, unless others are current by now."""
        fresh = self.jobs.get(job.job_id)
        if fresh is not None and fresh.result_key == job.result_key:
            self._store(rendered, job.source.bucket, result_prefix(job.job_id))

    def _store(self, files: Mapping[str, bytes], bucket: str, prefix: str) -> None:
        def store(file: tuple[str, bytes]) -> None:
            name, content = file
            self.objects.write_bytes(content, bucket, prefix + name, content_type(name))

        with ThreadPoolExecutor(PARALLEL_WRITES) as pool:
            list(pool.map(store, files.items()))


@lru_cache(maxsize=1)
def _found(content: bytes) -> JobResult:
    """Return the findings; six hours take two seconds to read, and edits come one after another."""
    return read_findings(content)


def _listed(current: Corrected) -> list[PublishedFile]:
    """Return the files of the current results, each with the folder that it lies in."""
    prefix = result_prefix(current.job.job_id)
    return [
        PublishedFile(
            name=file["name"],
            size_bytes=file["size_bytes"],
            sha256=file["sha256"],
            folder=current.results.keys[file["name"]]
            .removeprefix(prefix)
            .removesuffix(file["name"]),
        )
        for file in json.loads(current.results.manifest)["files"]
    ]


def _no_revision(revision: int) -> EditRefusedError:
    return EditRefusedError("edits.no_such_revision", f"There is no revision {revision}.")


def _journal_of(results: PublishedResults) -> Journal:
    if ResultFile.EDITS not in results.keys:
        return Journal()
    return read_journal(results.read(ResultFile.EDITS))


def revision_of(result_key: str | None) -> int:
    """Return the revision that a record points at, 0 for what the machine found."""
    found = _REVISION.search(result_key or "")
    return int(found["revision"]) if found else 0
