"""A run: imports under way while instances end and the server misbehaves; then the counting."""

import contextlib
import os
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from chaos.command import Report, Say
from chaos.imports.fleet import STOPS, Fleet
from chaos.imports.instance import SITE_PORT
from chaos.imports.site import Site, serving
from local.api_process import AUDIENCE
from local.api_resources import create_api_resources
from local.cloud import REGION, LocalCloud
from local.images import Images
from local.issuer.process import local_issuer
from runtime.api.imports.records import Imports, ImportState
from runtime.aws import clients
from runtime.aws.service_records import DynamoRecords
from runtime.core.clock import SystemClock
from runtime.core.contract import UPLOADS_PREFIX, EnvVar

OWNER = "any-owner"
SMALLEST, LARGEST = 300_000, 2_000_000
IDLE_SECONDS = 65.0
"""A released task may stay protected for the policy's interval of checks."""

POLL_SECONDS = 0.3
LEAVING_SECONDS = 5.0
"""Between letting go and the note of it, on a busy machine."""
DEPLOYMENT_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How many imports and instances, which faults, and for how long at most.

    Single instances are stopped in the ways of `stops`. With `most_stops`, only so often, and only
    while they import. `largest` is that of a file, in bytes.
    """

    imports: int
    instances: int
    seed: int
    deployments: int
    seconds: float
    protection: bool = True
    stops: Sequence[str] = STOPS
    most_stops: int | None = None
    largest: int = LARGEST


@dataclass(slots=True)
class ImportReport(Report):
    """What was counted; `violations` are sentences."""

    imports: int
    stops: Mapping[str, int] = field(default_factory=dict)
    spared: int = 0
    faults: int = 0
    idle_seconds: float = 0.0
    violations: list[str] = field(default_factory=list)

    @property
    def kept(self) -> bool:
        """Whether every promise was kept; a run in which nothing was stopped proves nothing."""
        return not self.violations and bool(sum(self.stops.values()))

    def __str__(self) -> str:
        """Return the closing line."""
        stops = ", ".join(f"{why} {count}" for why, count in sorted(self.stops.items()))
        return (
            f"imports {self.imports}, instances stopped: {stops}; spared while protected "
            f"{self.spared}, faults of the server {self.faults}, violations "
            f"{len(self.violations)}, idle tasks released within {self.idle_seconds:.1f} s"
        )


def run(size: Size, folder: Path, say: Say) -> ImportReport:
    """Run in a local cloud of its own."""
    with (
        LocalCloud.start(
            state_dir=folder / "cloud", images=Images(), lambda_python=Path(sys.executable)
        ) as cloud,
        local_issuer(folder) as issuer,
    ):
        os.environ.update(cloud.aws_environment())
        resources = create_api_resources(issuer=issuer.url, audience=AUDIENCE)
        return run_on(resources, size, folder, say)


def run_on(resources: Mapping[str, str], size: Size, folder: Path, say: Say) -> ImportReport:
    """Run on the resources of a running local cloud, which SDK clients find."""
    return _Run(size, resources, folder, say).all()


class _Run:
    """One run's parts."""

    def __init__(self, size: Size, resources: Mapping[str, str], folder: Path, say: Say) -> None:
        self._size, self._resources, self._say = size, resources, say
        self._choice = choice = random.Random(size.seed)
        self._imports = Imports(
            DynamoRecords(
                clients.dynamodb(REGION),
                table=resources[EnvVar.UPLOADS_TABLE],
                clock=SystemClock(),
            ),
            clock=SystemClock(),
        )
        self._files = {
            f"/talk-{number}.mp4": choice.randbytes(choice.randint(SMALLEST, size.largest))
            for number in range(size.imports)
        }
        self._ids: dict[str, str] = {}
        self._site = Site(self._files, random.Random(size.seed + 1), self._check)
        self._fleet = Fleet(dict(resources), folder, size.instances, size.protection)
        self._report = ImportReport(imports=size.imports)

    def all(self) -> ImportReport:
        with serving(self._site) as port, contextlib.closing(self._fleet):
            self._run(port)
        return self._report

    def _run(self, port: int) -> None:
        self._fleet.environment = {**self._resources, SITE_PORT: str(port)}
        self._fleet.fill()
        while not any(each.is_ready() for each in self._fleet.living()):
            time.sleep(POLL_SECONDS)
        for path in self._files:
            url = f"http://site.example.test:{port}{path}"
            added = self._imports.add(
                OWNER, url=url, name=path[1:], metadata={"lifestream-owner": OWNER}
            )
            self._ids[path] = added.import_id
        self._trouble()
        self._say("the faults are over; the rest must end by itself")
        self._site.faulty = False
        self._await_end()
        self._judge()
        self._await_release()
        self._report.stops, self._report.spared = dict(self._fleet.stops), self._fleet.spared
        self._report.faults = self._site.faults
        self._report.violations += self._fleet.bad_exits

    def _check(self, path: str) -> None:
        """Note a process at work without protection; one that leaves a file may let go before."""
        worker = self._unprotected(path)
        if worker is None:
            return
        time.sleep(LEAVING_SECONDS)
        said = f"{path}: {worker} works without protection"
        if self._unprotected(path) == worker and said not in self._report.violations:
            self._report.violations.append(said)

    def _unprotected(self, path: str) -> str | None:
        """Return the instance that works on a file without protection, if one does."""
        found = self._imports.find(OWNER, self._ids.get(path, ""))
        worker = found.value.worker if found and not found.value.ended else None
        instance = self._fleet.instances.get(worker) if worker else None
        if instance is None or not instance.alive or instance.agent.protected:
            return None
        return worker

    def _trouble(self) -> None:
        """Stop instances and replace them, until most imports have ended or time is over."""
        over, ends = threading.Event(), time.monotonic() + self._size.seconds
        deployments, left = self._size.deployments, self._size.most_stops
        while self._states()[ImportState.DONE] < 3 * self._size.imports // 4:
            if time.monotonic() > ends:
                return
            time.sleep(POLL_SECONDS if left else self._choice.uniform(0.5, 2.0))
            if deployments and self._choice.random() < 1 / 4:
                deployments -= 1
                timer = threading.Timer(DEPLOYMENT_SECONDS, over.set)
                timer.start()
                self._fleet.deploy(over)
                timer.cancel()
                over.clear()
            elif left is None:
                self._fleet.strike(self._choice, self._size.stops)
            elif left and self._fleet.strike(self._choice, self._size.stops, self._workers()):
                left -= 1
            self._fleet.fill()

    def _workers(self) -> set[str]:
        """Return the names of the instances that import."""
        found = self._imports.of_owner(OWNER, limit=1000)
        return {each.worker for each in found if each.worker and not each.ended}

    def _states(self) -> Counter[ImportState]:
        return Counter(each.state for each in self._imports.of_owner(OWNER, limit=1000))

    def _await_end(self) -> None:
        deadline = time.monotonic() + self._size.seconds
        while self._states()[ImportState.DONE] < self._size.imports:
            if time.monotonic() > deadline:
                return
            time.sleep(POLL_SECONDS)

    def _judge(self) -> None:
        s3, bucket = clients.s3(REGION), self._resources[EnvVar.MEDIA_BUCKET]
        dynamodb = clients.dynamodb(REGION)
        jobs = dynamodb.scan(TableName=self._resources[EnvVar.JOBS_TABLE])["Items"]
        by_key = Counter(item["key"]["S"] for item in jobs)
        for path, body in self._files.items():
            found = self._imports.find(OWNER, self._ids[path])
            if found is None or found.value.state is not ImportState.DONE:
                state = found.value.state if found else "gone"
                self._report.violations.append(f"{path}: lost, it is {state}")
                continue
            key = found.value.key
            if by_key[key] != 1:
                self._report.violations.append(f"{path}: {by_key[key]} jobs")
            if s3.get_object(Bucket=bucket, Key=key)["Body"].read() != body:
                self._report.violations.append(f"{path}: other bytes")
        if len(jobs) != self._size.imports:
            self._report.violations.append(f"{len(jobs)} jobs of {self._size.imports} imports")
        listed = s3.list_objects_v2(Bucket=bucket, Prefix=UPLOADS_PREFIX).get("Contents", [])
        if len(listed) != self._size.imports:
            self._report.violations.append(f"{len(listed)} files of {self._size.imports} imports")
        if left := s3.list_multipart_uploads(Bucket=bucket).get("Uploads", []):
            self._report.violations.append(f"{len(left)} uploads were left open")

    def _await_release(self) -> None:
        began = time.monotonic()
        while held := [each.name for each in self._fleet.living() if each.agent.protected]:
            if time.monotonic() - began > IDLE_SECONDS:
                self._report.violations.append(f"held while idle: {', '.join(held)}")
                break
            time.sleep(POLL_SECONDS)
        self._report.idle_seconds = time.monotonic() - began
