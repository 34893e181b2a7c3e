"""Each environment's real templates through their whole life, by the real CDK command line.

Every fixture is a step that needs the one before it and notes what it left behind; the tests only
look at the notes.
"""

from dataclasses import dataclass
from typing import Any

import pytest

from lifestream.adapters import Clients, operations_of
from local.cloud import LocalCloud
from local.deploy import DeployFailedError
from local.deployed import Deployed, job_store
from runtime.aws.object_store import S3ObjectStore
from runtime.core.contract import Output, ResultFile
from runtime.core.jobs import Job, State
from runtime.results.published import open_results
from scripts.verification.checks import Verification
from tests.integration.deploys.assemblies import NAMES
from tests.integration.deploys.environment import (
    Assemblies,
    Environment,
    Resource,
    launched_revision,
    process,
)

pytestmark = pytest.mark.cloud

DATA = {
    "AWS::S3::Bucket",
    "AWS::DynamoDB::Table",
    "AWS::DynamoDB::GlobalTable",
    "AWS::ECR::Repository",
    "AWS::KMS::Key",
}
"""What a replacement would lose."""

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
"""What every scanner reports, and nothing is harmed by."""

SETTLE_SECONDS = 3.0
"""Four messages are worked on in less than one second."""

REPLACED = {"AWS::ECS::TaskDefinition"}
"""What AWS never changes in place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What a deployment left behind."""

    deployed: Deployed
    states: dict[str, str]
    resources: dict[str, Resource]
    revision: str
    """The task definition that the dispatcher starts."""
    changes: list[str]
    """The types of what was changed, rolled back or not, oldest first."""
    job: Job
    """Of a video that was uploaded afterwards."""


def left(environment: Environment, deployed: Deployed, video: str, clip: bytes) -> Left:
    return Left(
        deployed=deployed,
        states=environment.states(),
        resources=environment.resources(),
        revision=launched_revision(deployed),
        changes=environment.last_changes(),
        job=process(deployed, video, clip),
    )


@pytest.fixture(scope="module", params=NAMES)
def environment(request: Any, cloud: LocalCloud) -> Environment:
    return Environment(cloud, request.param)


@pytest.fixture(scope="module")
def first(environment: Environment, variants: Assemblies, clip: bytes) -> Left:
    """Deployed into an account where it never was."""
    return left(environment, environment.deploy(variants.as_it_is), "first", clip)


@pytest.fixture(scope="module")
def second(environment: Environment, first: Left, variants: Assemblies, clip: bytes) -> Left:
    """Deployed again with changed settings."""
    assert first.resources
    return left(environment, environment.deploy(variants.changed), "second", clip)


@pytest.fixture(scope="module")
def rolled_back(environment: Environment, second: Left, variants: Assemblies, clip: bytes) -> Left:
    """Deployed with changes of which the last cannot be made."""
    with pytest.raises(DeployFailedError, match="sg-00000000000000000"):
        environment.deploy(variants.failing)
    return left(environment, second.deployed, "third", clip)


@dataclass(frozen=True, slots=True, kw_only=True)
class Destroyed:
    """What became of an environment that was destroyed after all."""

    protected_tables: list[str]
    refusal: str
    """Why the first try was refused."""
    states: dict[str, str]
    buckets: list[str]
    tables: list[str]
    keys: set[str]
    """The states of the environment's keys."""


@pytest.fixture(scope="module")
def destroyed(environment: Environment, rolled_back: Left, variants: Assemblies) -> Destroyed:
    """Destroyed, once what stands in the way is removed as the documents say."""
    assert rolled_back.resources
    if keeps_data(environment):
        environment.protect()
    protected_tables = environment.protected_tables()
    with pytest.raises(DeployFailedError) as refused:
        environment.destroy(variants.as_it_is)
    if keeps_data(environment):
        environment.unprotect()
    else:
        environment.empty_buckets()
    environment.destroy(variants.as_it_is)
    return Destroyed(
        protected_tables=protected_tables,
        refusal=str(refused.value),
        states=environment.states(),
        buckets=environment.buckets(),
        tables=environment.tables(),
        keys=environment.key_states(
            resource.physical_id
            for resource in rolled_back.resources.values()
            if resource.kind == "AWS::KMS::Key"
        ),
    )


def keeps_data(environment: Environment) -> bool:
    return environment.name == "prod"


def test_should_deploy_every_stack(first: Left) -> None:
    assert set(first.states.values()) == {"CREATE_COMPLETE"}
    assert (first.job.state, first.job.attempt) == (State.SUCCEEDED, 1), first.job.failure


def test_should_process_an_upload_once_however_often_it_is_announced(
    environment: Environment, first: Left, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.cloud.aws_environment().items():
        monkeypatch.setenv(name, value)
    aws = Clients(environment.cloud.aws_environment())
    operations = operations_of(aws, environment.name, first.deployed.outputs)
    said: list[str] = []

    Verification(
        operations=operations, run="any", say=said.append, settle_seconds=SETTLE_SECONDS
    ).check_announced_again(first.job)

    aws.close()
    assert said == ["an upload announced five times was processed once"]


def test_should_change_settings_in_place(first: Left, second: Left) -> None:
    replaced = {
        first.resources[name].kind
        for name in first.resources
        if second.resources.get(name) != first.resources[name]
    }

    assert DATA & {resource.kind for resource in first.resources.values()}
    assert replaced == REPLACED
    assert second.revision != first.revision
    assert second.job.state is State.SUCCEEDED, second.job.failure


def test_should_fail_an_upload_that_contains_malware(second: Left) -> None:
    """The changed settings have uploads scanned; the clip before was found clean."""
    flagged = process(second.deployed, "flagged", EICAR)

    assert flagged.failure is not None
    assert (flagged.state, flagged.failure.code) == (State.FAILED, "media.malware")
    assert flagged.runs == 0


def test_should_roll_a_failing_change_back_to_what_worked(second: Left, rolled_back: Left) -> None:
    dispatcher = "AWS::Lambda::Function"
    assert rolled_back.changes.count(dispatcher) >= second.changes.count(dispatcher) + 1
    assert rolled_back.resources == second.resources
    assert rolled_back.revision == second.revision
    assert all(state.endswith("_COMPLETE") for state in rolled_back.states.values())
    assert "UPDATE_ROLLBACK_COMPLETE" in rolled_back.states.values()
    assert rolled_back.job.state is State.SUCCEEDED, rolled_back.job.failure


def test_should_be_gone_once_destroyed(destroyed: Destroyed) -> None:
    assert destroyed.states == {}


def test_should_protect_tables_after_a_deployment_where_data_is_retained(
    environment: Environment, destroyed: Destroyed, first: Left
) -> None:
    outputs = (Output.JOBS_TABLE, Output.IDEMPOTENCY_TABLE)
    wanted = {first.deployed.outputs[output] for output in outputs}

    assert set(destroyed.protected_tables) == (wanted if keeps_data(environment) else set())


def test_should_refuse_to_be_destroyed_with_data(
    environment: Environment, destroyed: Destroyed
) -> None:
    reason = "TerminationProtection" if keeps_data(environment) else "BucketNotEmpty"
    assert reason in destroyed.refusal


def test_should_keep_data_exactly_where_it_outlives_its_stack(
    environment: Environment, destroyed: Destroyed, first: Left
) -> None:
    if not keeps_data(environment):
        assert (destroyed.buckets, destroyed.tables) == ([], [])
        assert destroyed.keys <= {"PendingDeletion"}
        return
    assert destroyed.keys == {"Enabled"}
    data = first.deployed
    assert {data.outputs[Output.JOBS_TABLE], data.outputs[Output.IDEMPOTENCY_TABLE]} <= set(
        destroyed.tables
    )
    assert job_store(data).get(first.job.job_id) == first.job
    results = S3ObjectStore(data.cloud.client("s3"))
    assert open_results(first.job, results).read(ResultFile.SUMMARY_JSON)
