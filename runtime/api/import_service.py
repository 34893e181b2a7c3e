"""Imports of one process with their task protection, as it is composed."""

import os
import random
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Event
from typing import Any

from runtime.api.imports.download import Download
from runtime.api.imports.records import Claimed, Imports
from runtime.api.imports.workers import ImportWorkers
from runtime.api.outbound.transport import Outbound, Timeouts
from runtime.api.uploads import Uploads
from runtime.core.clock import Clock
from runtime.core.contract import EnvVar
from runtime.core.log import Log
from runtime.protection.answers import ProtectionClient
from runtime.protection.environment import (
    ApiTarget,
    choose_client,
    read_protection_environment,
)
from runtime.protection.facade import TaskProtection
from runtime.protection.manager import ProtectionManager
from runtime.protection.policy import service
from runtime.protection.ports import Reports

THREADS = 2
TIMEOUTS = Timeouts(connect=10.0, read=30.0, total=6 * 3600.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportService:
    """The workers and what protects their task."""

    workers: ImportWorkers
    manager: ProtectionManager

    def start(self) -> None:
        """Start both; protection stays off until an import is active."""
        self.manager.start()
        self.workers.start()

    def stop(self) -> None:
        """Leave every import to another instance, then end protection."""
        self.workers.stop()
        self.manager.close()

    def status(self) -> dict[str, Any]:
        """Return the part of protection in `GET /health`."""
        found = self.manager.status().as_health()
        return {
            "ecsDeployment": found["ecsDeployment"],
            "activeJobs": self.workers.active(),
            "taskProtectionActive": found["taskProtectionActive"],
            "taskProtectionMonitoring": found["taskProtectionMonitoring"],
        }


def import_service(
    imports: Imports,
    uploads: Uploads,
    *,
    environ: Mapping[str, str],
    make_api_client: Callable[[ApiTarget], ProtectionClient],
    clock: Clock,
    log: Log,
    outbound: Outbound | None = None,
) -> ImportService:
    """Return the imports of this process, by the variables of task protection.

    Without `outbound` they come from public hosts.
    """
    environment = read_protection_environment(environ)
    outbound = outbound or Outbound(clock=clock, timeouts=TIMEOUTS)

    def download(claimed: Claimed, stopping: Event) -> Download:
        return Download(
            claimed=claimed,
            imports=imports,
            uploads=uploads,
            transfers=uploads.transfers,
            outbound=outbound,
            clock=clock,
            stopping=stopping,
        )

    workers = ImportWorkers(
        imports,
        download,
        worker=environ.get(EnvVar.ECS_TASK_ARN) or f"process-{os.getpid()}",
        count=THREADS,
        required=environment.required,
        clock=clock,
        log=log,
    )
    manager = ProtectionManager(
        client=choose_client(environment, make_api_client=make_api_client, log=log),
        policy=service(),
        monotonic=clock,
        wall=clock,
        reports=Reports(log=log),
        abort=_end_this_process,
        jitter=random.random,
        ecs_deployment=environment.in_ecs,
        required=environment.required,
    )
    workers.protection = TaskProtection(manager=manager, active_jobs=workers.active, log=log)
    return ImportService(workers=workers, manager=manager)


def _end_this_process(_reason: str) -> None:
    os.kill(os.getpid(), signal.SIGTERM)
