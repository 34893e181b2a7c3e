"""What the steps between deployments call, in the name of the role that they have."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from cdk.guard.cloudformation import CloudFormationTemplates
from lifestream.adapters import Clients, operations_of, stacks
from lifestream.commands.protect import protect
from lifestream.environment import DATA_PARTS
from local.cloud import ACCOUNT, REGION
from runtime.core.contract import Output, stack_prefix
from runtime.core.messages import Upload, confirm_message
from scripts.verification.checks import CHECKS_PREFIX
from tests.infra.conftest import ROOT
from tests.infra.promoting import many, of_type, text
from tests.integration.permissions.identities import Identity, refused
from tests.integration.permissions.system import ON_DEMAND, System

pytestmark = pytest.mark.cloud

SNAPSHOTS = ROOT / "tests" / "infra" / "__snapshots__" / "test_promotion"
TEMPLATE = SNAPSHOTS / f"test_should_synthesize_the_accepted_template[Access-{ON_DEMAND}].json"


class ClientsOf(Clients):
    """The clients of an identity."""

    def __init__(self, identity: Identity) -> None:
        super().__init__({"AWS_REGION": REGION})
        self._identity = identity

    def __call__(self, service: str) -> Any:
        if service not in self._made:
            self._made[service] = self._identity.client(service)
        return self._made[service]


def here(value: Any) -> str:
    """Return a text of the template as it is in this account and region."""
    found = text(value).replace("<AWS::Partition>", "aws").replace("<AWS::AccountId>", ACCOUNT)
    return (
        found.replace("<AWS::Region>", REGION)
        .replace("111122223333", ACCOUNT)
        .replace("eu-west-1", REGION)
    )


@pytest.fixture(scope="module")
def promoter(system: System) -> Iterator[Clients]:
    """The promoter of the accepted template."""
    (policy,) = of_type(json.loads(TEMPLATE.read_text()), "AWS::IAM::Policy")
    statements = [
        {**statement, "Resource": [here(each) for each in many(statement["Resource"])]}
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
    ]
    aws = ClientsOf(Identity(system.deployed.cloud, *statements))
    yield aws
    aws.close()


def test_should_let_the_guard_read_what_is_deployed(promoter: Clients) -> None:
    templates = CloudFormationTemplates(promoter("cloudformation"))
    ours = [name for name in templates.stack_names() if name.startswith(stack_prefix(ON_DEMAND))]

    assert ours
    assert all("Resources" in templates.template(name) for name in ours)


def test_should_let_the_step_after_a_deployment_protect_data(
    promoter: Clients, system: System
) -> None:
    protected = protect(promoter, ON_DEMAND)

    outputs = system.deployed.outputs
    tables = {outputs[Output.JOBS_TABLE], outputs[Output.IDEMPOTENCY_TABLE]}
    assert set(protected) == tables | {stack_prefix(ON_DEMAND) + part for part in DATA_PARTS}


def test_should_let_the_proof_use_the_environment(promoter: Clients, system: System) -> None:
    outputs = {k: v for stack in stacks(promoter, ON_DEMAND) for k, v in stack.outputs.items()}
    operations = operations_of(promoter, ON_DEMAND, outputs)
    key = f"{CHECKS_PREFIX}promoter/clip.mp4"

    operations.objects.write_bytes(system.clip, operations.bucket, key, "video/mp4")
    source = operations.objects.head(operations.bucket, key)
    operations.queue.send(confirm_message(Upload(source.bucket, source.key)))

    assert operations.jobs.get(source.job_id) is None
    assert operations.dead_letters.count() == 0


def test_should_not_let_it_upload_elsewhere_nor_read_uploads(
    promoter: Clients, system: System
) -> None:
    s3, bucket = promoter("s3"), system.deployed.bucket

    with refused():
        s3.put_object(Bucket=bucket, Key="uploads/any.mp4", Body=b"any")
    with refused():
        s3.list_objects_v2(Bucket=bucket)
