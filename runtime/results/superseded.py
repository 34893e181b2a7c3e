"""Which objects of a job stay once results are published, and which are removed."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from runtime.core.contract import ResultFile, result_prefix
from runtime.core.media import PublishedFile
from runtime.core.ports import ListedObject
from runtime.results.published import PublishedResults

_ATTEMPT = re.compile(r"attempts/(?P<attempt>\d+)/")
_REVISION = re.compile(r"(?P<folder>attempts/\d+/)revisions/\d+-[0-9a-f]+/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """What the results of an attempt keep: their own files, and all of it and of later attempts.

    An attempt that publishes later uses media of earlier attempts only if they are kept, so a
    removal that is carried out late never takes a file of newer results.
    """

    attempt: int = 0
    names: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    corrected: str | None = None
    """The last revision of an earlier run: what people wrote is not removed with the words."""

    def keeps(self, path: str, key: str) -> bool:
        """Return whether an object stays; `path` is its key below the job's results."""
        found = _ATTEMPT.match(path)
        if found is None:
            return path in self.names or key in self.keys
        return int(found["attempt"]) >= self.attempt or key in self.keys or self._corrects(path)

    def _corrects(self, path: str) -> bool:
        revision = _REVISION.match(self.corrected or "")
        if revision is None:
            return False
        return path.startswith(revision[0]) or path == revision["folder"] + ResultFile.FINDINGS

    def keeps_file(self, job_id: str, file: PublishedFile) -> bool:
        """Return whether a published file that an earlier attempt made stays."""
        path = file.folder + file.name
        return self.keeps(path, result_prefix(job_id) + path)


def retention(results: PublishedResults | None) -> Retention:
    """Return what these results keep; without any, everything."""
    if results is None:
        return Retention()
    return Retention(
        attempt=attempt_of(results) or 0,
        names=frozenset(results.keys),
        keys=frozenset(results.keys.values()),
        corrected=results.corrected,
    )


def corrected_by(results: PublishedResults | None) -> str | None:
    """Return the folder of the corrections that a later run keeps; None where there are none.

    These results are corrected, or an earlier run's were and this one's are not.
    """
    if results is None:
        return None
    path = results.result_key.removeprefix(result_prefix(results.job_id))
    revision = _REVISION.match(path)
    return results.corrected if revision is None else revision[0]


def attempt_of(results: PublishedResults) -> int | None:
    """Return the attempt that published these results; None before attempts had folders."""
    path = results.result_key.removeprefix(result_prefix(results.job_id))
    found = _ATTEMPT.match(path)
    return None if found is None else int(found["attempt"])


def superseded(results: PublishedResults, listed: Iterable[ListedObject]) -> dict[str, str]:
    """Return key and ETag of the listed objects that these results do not keep."""
    kept, prefix = retention(results), result_prefix(results.job_id)
    return {
        object_.source.key: object_.source.etag
        for object_ in listed
        if not kept.keeps(object_.source.key.removeprefix(prefix), object_.source.key)
    }
