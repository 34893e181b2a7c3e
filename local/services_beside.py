"""The API and the pages beside a job: deployed from the same templates, after its upload."""

import contextlib
import subprocess
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from lifestream.view.console import Screen
from local import deploy
from local.cloud import LocalCloud
from local.deployed import ENVIRONMENT
from local.emulator.settings import HOST
from local.issuer.process import Issuer, local_issuer
from local.ports import free_port
from local.service_settings import API, WEB, service_settings
from local.up import FAILURES, POLL_SECONDS, USUAL_PORTS, healthy, usual_or_free

LATER = ("/Service", "/Observability")
"""Ends of the paths of the stacks that are deployed beside the job: services, and alarms."""


class ServicesBeside:
    """Chooses the addresses at once, because the templates name them; `running` does the rest."""

    def __init__(self) -> None:
        self.doors = {name: usual_or_free(port) for name, port in USUAL_PORTS.items()}
        self._urls = {name: f"http://{HOST}:{port}" for name, port in self.doors.items()}
        self._issuer_port = free_port()
        self._over = threading.Event()
        self._tools: list[subprocess.Popen[str]] = []

    def settings(self, cloud: LocalCloud) -> Mapping[str, Any]:
        """Return the settings of the service tier with which everything is synthesized."""
        issuer = Issuer(url=f"http://{HOST}:{self._issuer_port}", token="")
        return service_settings(cloud.endpoint_url, issuer, self._urls)

    @contextlib.contextmanager
    def running(self, screen: Screen, cloud: LocalCloud) -> Iterator[None]:
        """Bring the services up in the background, show their addresses, and end them at last."""
        thread = threading.Thread(target=self._run, args=(screen, cloud), name="services")
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            for tool in self._tools:
                tool.terminate()
            thread.join()

    def _run(self, screen: Screen, cloud: LocalCloud) -> None:
        try:
            with local_issuer(cloud.state_dir / "issuer", port=self._issuer_port) as issuer:
                deploy.deploy(
                    cloud,
                    environment=ENVIRONMENT,
                    assembly=cloud.state_dir / "cdk.out",
                    only=LATER,
                    on_start=self._started,
                )
                while not all(map(healthy, self._urls.values())):
                    if self._over.wait(POLL_SECONDS):
                        return
                screen.fields(
                    [
                        ("  web pages", self._urls[WEB]),
                        ("  API", f"{self._urls[API]}/docs"),
                        ("  token", issuer.token),
                    ]
                )
                self._over.wait()
        except FAILURES as error:
            # The job does not need them.
            if not self._over.is_set():
                screen.say(f"  API and web pages are not available: {error}")

    def _started(self, tool: "subprocess.Popen[str]") -> None:
        self._tools.append(tool)
        if self._over.is_set():
            tool.terminate()
