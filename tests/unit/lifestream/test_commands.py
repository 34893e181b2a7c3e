"""What a person types, sees and gets as exit status."""

import json

import pytest

from lifestream import command_line
from lifestream.adapters import Clients
from lifestream.cli import app, main
from lifestream.ports import Operations
from lifestream.session import Session
from runtime.core.errors import Permanent
from runtime.core.jobs import State
from tests.unit.dispatcher.world import BUCKET, KEY, s3_event
from tests.unit.lifestream.operators import FakeClients, Operators


@pytest.fixture
def operators() -> Operators:
    return Operators()


def test_should_list_the_jobs_that_changed_last_first(operators: Operators) -> None:
    for number in range(4):
        operators.world.clock.advance(60)
        operators.job_in(State.FAILED if number % 2 else State.SUCCEEDED, f"uploads/{number}.mp4")
    printed = operators.type("jobs", "list", "--limit", "3")
    assert printed.status == 0
    rows = printed.out.splitlines()
    assert [row.split()[-1] for row in rows[1:]] == [f"uploads/{n}.mp4" for n in (3, 2, 1)]
    assert "any.code" in rows[1]
    assert "2 min ago" in rows[3]
    assert "--limit shows more" in printed.notes


def test_should_list_jobs_of_some_states_as_json(operators: Operators) -> None:
    failed = operators.job_in(State.FAILED, "uploads/1.mp4")
    operators.job_in(State.SUCCEEDED, "uploads/2.mp4")
    printed = operators.type("jobs", "list", "--state", "failed", "running", "--json")
    (job,) = json.loads(printed.out)
    assert (job["job_id"], job["state"]) == (failed.job_id, "FAILED")
    assert job["failure"]["code"] == "any.code"
    assert job["updated_at"] == "1970-01-12T13:46:40+00:00"


def test_should_say_that_there_are_no_jobs(operators: Operators) -> None:
    assert "no jobs in any" in operators.type("jobs", "list").out


@pytest.mark.parametrize("named_by", ["id", "key", "address"])
def test_should_show_a_job_by_its_id_or_its_upload(operators: Operators, named_by: str) -> None:
    job = operators.job_in(State.FAILED)
    name = {"id": job.job_id, "key": KEY, "address": f"s3://{BUCKET}/{KEY}"}[named_by]
    out = operators.type("jobs", "show", name).out
    assert "Any summary. [any.code]" in out
    assert "Any resolution." in out
    assert f"jobs retry {job.job_id}" in out


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("nonsense", "neither a job's id"),
        ("uploads/missing.mp4", "no upload uploads/missing.mp4"),
        ("0" * 32, "no job 000"),
    ],
)
def test_should_refuse_a_name_that_is_none(operators: Operators, name: str, problem: str) -> None:
    with pytest.raises(Permanent, match=problem):
        operators.type("jobs", "show", name)


@pytest.mark.parametrize(("state", "status"), [(State.SUCCEEDED, 0), (State.FAILED, 1)])
def test_should_watch_a_job_to_its_end(operators: Operators, state: State, status: int) -> None:
    operators.job_in(state)
    printed = operators.type("jobs", "watch", KEY)
    assert printed.status == status
    assert ("Any resolution." in printed.out) is (state is State.FAILED)


def test_should_stop_watching_a_job_that_stays_silent(operators: Operators) -> None:
    job = operators.job_in(State.RUNNING)
    printed = operators.type("jobs", "watch", job.job_id, "--silence", "30")
    assert printed.status == 1
    assert "nothing was heard of the job for 30 s" in printed.out
    assert "doctor" in printed.out


def test_should_reprocess_an_upload_that_no_job_knows(operators: Operators) -> None:
    source = operators.world.upload()
    assert operators.type("jobs", "reprocess", KEY).status == 0
    assert operators.dispatch() == 1
    assert operators.world.launcher.started == [(source.job_id, 1)]


def test_should_tell_by_status_and_words_that_a_request_was_refused(operators: Operators) -> None:
    job = operators.job_in(State.RUNNING)
    printed = operators.type("jobs", "retry", job.job_id)
    assert printed.status == 1
    assert "is RUNNING" in printed.out
    assert f"jobs watch {job.job_id}" in printed.out


def test_should_list_dead_letters_with_their_jobs(operators: Operators) -> None:
    job = operators.job_in(State.FAILED)
    operators.dead_letters.add(s3_event(), sent_at=operators.world.clock.now() - 7200)
    operators.dead_letters.add("not json")
    printed = operators.type("dlq", "list")
    _, first, second, _ = printed.out.splitlines()
    assert job.job_id in first
    assert "2 h ago" in first
    assert "unreadable" in second
    found = json.loads(operators.type("dlq", "list", "--json").out)
    assert found[0]["concerns"][0]["job"]["job_id"] == job.job_id
    assert "is not JSON" in found[1]["problem"]


def test_should_show_one_dead_letter_whole(operators: Operators) -> None:
    job = operators.job_in(State.FAILED)
    letter = operators.dead_letters.add(s3_event())
    printed = operators.type("dlq", "show", letter)
    assert job.job_id in printed.out
    assert '"eventName": "ObjectCreated:Put"' in printed.out
    assert f"dlq redrive {letter}" in printed.out


@pytest.mark.parametrize("command", ["show", "redrive"])
def test_should_say_that_there_is_no_such_message(operators: Operators, command: str) -> None:
    printed = operators.type("dlq", command, "letter-9")
    assert printed.status == 1
    assert "no message letter-9" in printed.out


def test_should_redrive_one_and_say_what_remains(operators: Operators) -> None:
    operators.job_in(State.FAILED)
    letter = operators.dead_letters.add(s3_event())
    operators.dead_letters.add("not json")
    printed = operators.type("dlq", "redrive", letter)
    assert printed.status == 0
    assert "1 failed job(s) requeued" in printed.out
    assert "About 1 message(s) remain" in printed.out


def test_should_fail_when_a_redrive_leaves_a_message(operators: Operators) -> None:
    operators.dead_letters.add("not json")
    printed = operators.type("dlq", "redrive", "--all")
    assert printed.status == 1
    assert "1 left" in printed.out


def test_should_purge_only_when_the_person_is_sure(operators: Operators) -> None:
    operators.dead_letters.add("not json")
    printed = operators.type("dlq", "purge")
    assert printed.status == 1
    assert "Nothing was done." in printed.out
    assert operators.dead_letters.count() == 1
    assert operators.type("dlq", "purge", "--yes").status == 0
    assert operators.dead_letters.count() == 0
    assert "is empty" in operators.type("dlq", "purge", "--yes").out


@pytest.mark.parametrize(
    "typed",
    [
        ["jobs"],
        ["jobs", "list", "--state", "LOST"],
        ["jobs", "list", "--limit", "0"],
        ["jobs", "watch", "any", "--silence", "0"],
        ["dlq", "redrive"],
        ["dlq", "redrive", "letter-1", "--all"],
    ],
)
def test_should_refuse_what_cannot_be_meant(
    operators: Operators, typed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert operators.type(*typed).status == 2
    assert "Usage:" in capsys.readouterr().err


def environment_of(*typed: str) -> str:
    found = []

    def find(_clients: Clients, environment: str) -> Operations:
        found.append(environment)
        return Operators().operations

    command_line.run(app, typed, session=Session(connect=FakeClients, find=find))
    return found[0]


def test_should_take_the_environment_before_or_after_the_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("LIFESTREAM_ENVIRONMENT", raising=False)
    assert environment_of("jobs", "list") == "dev"
    assert environment_of("-e", "prod", "jobs", "list") == "prod"
    assert environment_of("jobs", "list", "-e", "prod") == "prod"
    monkeypatch.setenv("LIFESTREAM_ENVIRONMENT", "staging")
    assert environment_of("dlq", "list") == "staging"


def test_should_tell_a_missing_region_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    assert main(["jobs", "list"]) == 1
    assert "Set AWS_REGION" in capsys.readouterr().err
