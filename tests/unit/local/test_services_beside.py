"""What `make run` shows of API and pages while a job works, and that they end with it."""

import contextlib
import io
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from lifestream.view.console import Screen
from local import deploy, services_beside
from local.deploy import DeployFailedError
from local.issuer.process import Issuer
from local.services_beside import LATER, ServicesBeside

TOKEN = "any-token"  # noqa: S105 - of nothing


class Parts:
    """The tools around it: what they were asked for, and how they end."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.only: tuple[str, ...] = ()
        self.tool: subprocess.Popen[str] | None = None
        self.error: Exception | None = None
        self.reached = threading.Event()
        monkeypatch.setattr(services_beside, "local_issuer", self._issuer)
        monkeypatch.setattr(deploy, "deploy", self._deploy)
        monkeypatch.setattr(services_beside, "healthy", lambda _url: True)

    @contextlib.contextmanager
    def _issuer(self, _folder: Path, *, port: int) -> Iterator[Issuer]:
        yield Issuer(url=f"http://127.0.0.1:{port}", token=TOKEN)

    def _deploy(self, _cloud: Any, *, only: tuple[str, ...], on_start: Any, **_: Any) -> None:
        self.only = only
        if self.error is not None:
            raise self.error
        if self.tool is not None:
            on_start(self.tool)
            self.reached.set()
            if self.tool.wait() != 0:
                raise DeployFailedError("the tool was ended")


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> Parts:
    return Parts(monkeypatch)


@pytest.fixture
def cloud(tmp_path: Path) -> Any:
    return SimpleNamespace(state_dir=tmp_path, endpoint_url="http://127.0.0.1:4566")


class Shown(io.StringIO):
    """Output, and an event once it has a token or a sentence about a failure."""

    def __init__(self) -> None:
        super().__init__()
        self.said = threading.Event()

    def write(self, text: str) -> int:
        written = super().write(text)
        if TOKEN in text or "not available" in text:
            self.said.set()
        return written


def screen_of(output: io.StringIO) -> Screen:
    return Screen(Console(file=output, width=200))


def test_should_show_addresses_and_token_while_the_job_works(parts: Parts, cloud: Any) -> None:
    beside, output = ServicesBeside(), Shown()
    with beside.running(screen_of(output), cloud):
        assert output.said.wait(30)
    assert parts.only == LATER
    given = beside.settings(cloud)
    assert given["api_url"] in output.getvalue()
    assert given["web_url"] in output.getvalue()
    assert given["oidc_issuer"].startswith("http://127.0.0.1:")


def test_should_end_a_deployment_that_the_job_overtakes(parts: Parts, cloud: Any) -> None:
    beside, output = ServicesBeside(), Shown()
    parts.tool = subprocess.Popen([sys.executable, "-c", "input()"], stdin=-1, text=True)
    with beside.running(screen_of(output), cloud):
        assert parts.reached.wait(30)
    assert parts.tool.wait() != 0
    assert parts.tool.stdin
    parts.tool.stdin.close()
    assert output.getvalue() == ""


def test_should_say_why_there_are_none_and_let_the_job_go_on(parts: Parts, cloud: Any) -> None:
    parts.error = DeployFailedError("any reason")
    output = Shown()
    with ServicesBeside().running(screen_of(output), cloud):
        assert output.said.wait(30)
    assert "any reason" in output.getvalue()


def test_should_deploy_everything_but_the_later_stacks_before(tmp_path: Path) -> None:
    names = ("Storage", *(path.removeprefix("/") for path in LATER))
    artifacts = {
        name: {"type": "aws:cloudformation:stack", "displayName": f"Lifestream-dev/{name}"}
        for name in names
    }
    (tmp_path / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    found = deploy.stack_paths(tmp_path)
    assert [path for path in found if not path.endswith(LATER)] == ["Lifestream-dev/Storage"]
