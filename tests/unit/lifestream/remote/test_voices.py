"""`lifestream voices ...` with the real application: every command, as typed."""

import json
from collections.abc import Iterator

import pytest

from tests.golden.talk import FIRST, SECOND
from tests.unit.api import test_voices as api
from tests.unit.api.finished import finished
from tests.unit.api.world import World
from tests.unit.lifestream.remote.typed import Run, typed


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.client.close()


@pytest.fixture
def run(world: World, monkeypatch: pytest.MonkeyPatch) -> Run:
    return typed(world, monkeypatch, "voices")


def test_should_enrol_propose_list_and_erase(
    world: World, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    job = finished(world)
    api.heard(world, job, first=api.ADA, second=api.BEN)
    assert run("enrol", job.job_id, FIRST, "--consent", "Ada, in writing") == 1
    assert "voices.not_named" in capsys.readouterr().err
    api.name(world, job, FIRST, "Ada")
    assert run("enrol", job.job_id, FIRST, "--consent", "Ada, in writing") == 0
    other = api.again(world, first=api.BEN, second=(0.9, 0.1, 0.0))
    capsys.readouterr()
    assert run("propose", other.job_id) == 0
    _, proposed = capsys.readouterr().out.splitlines()
    assert proposed.split()[:2] == [SECOND, "Ada"]
    assert run("propose", other.job_id, "--json") == 0
    assert json.loads(capsys.readouterr().out)["proposals"][0]["speaker"] == SECOND
    assert run("list") == 0
    _, row = capsys.readouterr().out.splitlines()
    assert all(each in row for each in ("Ada", job.job_id, FIRST, "Ada, in writing"))
    assert run("erase", row.split()[0]) == 0
    assert "1 sample" in capsys.readouterr().out
    assert run("list", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"profiles": []}


def test_should_erase_all_profiles_only_if_that_is_said(
    world: World, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    api.enrolled(world)
    assert run("erase") == 2
    assert run("erase", "any", "--all") == 2
    capsys.readouterr()
    assert run("erase", "--all") == 0
    assert "1 sample" in capsys.readouterr().out
