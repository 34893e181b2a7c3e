"""The commands of the documents, in the name of an operator with exactly the generated policy."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from cdk.policies.operators import operator_statements
from cdk.policies.reference import shipped_reference
from cdk.policies.scopes import EnvironmentScope
from lifestream import command_line
from lifestream.adapters import Clients
from lifestream.cli import app
from lifestream.session import Session
from lifestream.view.console import Screen
from local.cloud import ACCOUNT, REGION
from runtime.core.contract import Output
from runtime.core.jobs import Failure, claim_new, fail, start
from tests.integration.permissions.identities import Identity, refused
from tests.integration.permissions.system import ON_DEMAND, System
from tests.integration.permissions.test_promoter import ClientsOf

pytestmark = pytest.mark.cloud

PLACE = {
    "${AWS::Partition}": "aws",
    "${AWS::Region}": REGION,
    "${AWS::AccountId}": ACCOUNT,
}


def here(value: object) -> object:
    """Return a statement as it is in this account and region."""
    match value:
        case str():
            for name, found in PLACE.items():
                value = value.replace(name, found)
            return value
        case list():
            return [here(each) for each in value]
        case dict():
            return {key: here(each) for key, each in value.items()}
    return value


@pytest.fixture(scope="module")
def operator(system: System) -> Iterator[Clients]:
    scope = EnvironmentScope(environment=ON_DEMAND)
    statements = operator_statements(scope, shipped_reference())
    given = [here(each) for each in statements]
    aws = ClientsOf(Identity(system.deployed.cloud, *given))  # type: ignore[arg-type]
    yield aws
    aws.close()


def run(aws: Clients, *arguments: str) -> int:
    with closing(Session(Screen(), connect=lambda: aws)) as session:
        return command_line.run(
            app, ["--environment", ON_DEMAND, *arguments], program="lifestream", session=session
        )


@pytest.fixture
def job(system: System) -> str:
    """A job that failed."""
    now = system.now()
    claimed = claim_new(system.put(), now=now, lease_seconds=0.0)
    system.jobs.create(claimed)
    running = start(claimed, now=now, task_arn=None)
    system.jobs.save(claimed, running)
    failure = Failure(code="any.code", summary="Any.", resolution="Any.")
    system.jobs.save(running, fail(running, now=now, failure=failure))
    return claimed.job_id


def test_should_let_an_operator_look_at_jobs(operator: Clients, job: str) -> None:
    assert run(operator, "jobs", "list", "--state", "FAILED") == 0
    assert run(operator, "jobs", "show", job) == 0
    assert run(operator, "jobs", "trace", job) in {0, 1}


def test_should_let_an_operator_act_on_jobs(operator: Clients, system: System, job: str) -> None:
    assert run(operator, "jobs", "retry", job) == 0
    assert run(operator, "jobs", "cancel", job) == 0
    assert run(operator, "jobs", "reprocess", system.put().key) == 0


def test_should_let_an_operator_work_on_dead_letters(operator: Clients, system: System) -> None:
    outputs = system.deployed.outputs
    system.client("sqs").send_message(QueueUrl=outputs[Output.JOBS_DLQ_URL], MessageBody="any")

    assert run(operator, "dlq", "list") == 0
    assert run(operator, "dlq", "redrive", "--all") in {0, 1}
    assert run(operator, "dlq", "purge", "--yes") == 0


def test_should_let_the_doctor_read_everything(
    operator: Clients, capsys: pytest.CaptureFixture[str]
) -> None:
    run(operator, "doctor")

    found = capsys.readouterr().out
    assert [line for line in found.splitlines() if "AccessDenied" in line] == []


def test_should_not_let_an_operator_change_the_infrastructure(
    operator: Clients, system: System
) -> None:
    with refused():
        operator("dynamodb").update_table(
            TableName=system.deployed.outputs[Output.JOBS_TABLE], DeletionProtectionEnabled=False
        )
    with refused():
        operator("lambda").delete_function(
            FunctionName=system.deployed.outputs[Output.DISPATCHER_FUNCTION]
        )
