"""Reads the published results of jobs all through a run: at every moment they must be whole."""

import hashlib
import json
import random
from collections.abc import Callable, Iterator
from contextlib import suppress

from botocore.exceptions import BotoCoreError, ClientError

from chaos.ledger import Breach
from chaos.oracle.histories import Finding
from runtime.core.contract import ResultFile, result_prefix
from runtime.core.errors import LifestreamError
from runtime.core.jobs import Job, State
from runtime.core.periodic_thread import PeriodicThread
from runtime.core.ports import ObjectNotFoundError, ObjectStore
from runtime.results.published import PublishedResults, read_results

PAUSE_SECONDS = 0.2


def judge_results(
    get: Callable[[], Job | None], objects: ObjectStore, *, published: bool
) -> Iterator[Finding]:
    """Yield what a reader misses now; `published`: the job has had results before."""
    try:
        yield from read_results(get, objects, lambda results: tuple(inconsistent_files(results)))
    except ObjectNotFoundError as error:
        if published:
            yield Finding(Breach.LOST, f"its results cannot be read: {error}")
    job = get()
    if job is not None and job.state is State.SUCCEEDED:
        key = result_prefix(job.job_id) + ResultFile.SUMMARY_JSON
        try:
            json.loads(objects.read_bytes(job.source.bucket, key))
        except ObjectNotFoundError:
            yield Finding(Breach.LOST, f"{key} cannot be read, though the job succeeded")
        except ValueError:
            yield Finding(Breach.TWICE, f"{key} is no JSON")


def inconsistent_files(results: PublishedResults) -> Iterator[Finding]:
    """Yield the files that are not what the manifest of the same results says."""
    for file in json.loads(results.manifest)["files"]:
        content = results.read(file["name"])
        if hashlib.sha256(content).hexdigest() != file["sha256"]:
            yield Finding(Breach.TWICE, f"{file['name']} was not what its manifest says")


class ResultSampler(PeriodicThread):
    """Within its context, reads a job of `job_ids` at random, again and again."""

    def __init__(
        self,
        *,
        job_ids: tuple[str, ...],
        get: Callable[[str], Job | None],
        objects: ObjectStore,
        seed: int,
    ) -> None:
        super().__init__("result sampler", every_seconds=PAUSE_SECONDS)
        self._job_ids = job_ids
        self._get = get
        self._objects = objects
        self._rng = random.Random(f"{seed}/samples")
        self._published: set[str] = set()
        self.found: list[tuple[str, Finding]] = []
        self.samples = 0

    def sample(self, job_id: str) -> None:
        """Read one job's results now."""

        def get() -> Job | None:
            return self._get(job_id)

        known = job_id in self._published
        self.found += [
            (job_id, finding) for finding in judge_results(get, self._objects, published=known)
        ]
        job = get()
        if job is not None and job.result_key is not None:
            self._published.add(job_id)
            self.samples += 1

    def once(self) -> bool:
        """Read one job, if the emulator answers; only an answer counts."""
        with suppress(BotoCoreError, ClientError, LifestreamError, OSError):
            self.sample(self._rng.choice(self._job_ids))
        return True
