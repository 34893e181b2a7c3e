"""Each stack of each environment is what was last accepted (`make snapshots` accepts)."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from tests.infra.conftest import ENVIRONMENTS
from tests.infra.templates import Deployment

STACKS = (
    *("encryption", "network", "storage", "ingest", "processing", "control-plane"),
    *("workers", "observability"),
)
POOL_STACKS = ("ingest", "processing", "workers", "control-plane", "observability")
"""Those that a pool changes."""

_ASSET_HASH = re.compile(r"\b[0-9a-f]{64}\b")


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_should_synthesize_the_accepted_template(
    environment: str,
    stack: str,
    deployments: Mapping[str, Deployment],
    snapshot: SnapshotAssertion,
) -> None:
    if stack not in stacks_of(deployments[environment]):
        return
    template = without_asset_hashes(deployments[environment].stacks[stack])

    assert template == snapshot(extension_class=JSONSnapshotExtension)


@pytest.mark.parametrize("stack", POOL_STACKS)
def test_should_synthesize_the_accepted_template_of_a_pool(
    stack: str, pooled: Deployment, snapshot: SnapshotAssertion
) -> None:
    template = without_asset_hashes(pooled.stacks[stack])

    assert template == snapshot(extension_class=JSONSnapshotExtension)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_should_have_a_snapshot_of_every_stack(
    environment: str, deployments: Mapping[str, Deployment]
) -> None:
    assert set(deployments[environment].stacks) == stacks_of(deployments[environment])


def stacks_of(deployment: Deployment) -> set[str]:
    config = deployment.config
    without_key = set() if config.encryption.customer_key else {"encryption"}
    without_pool = set() if config.workers else {"workers"}
    return set(STACKS) - without_key - without_pool


def without_asset_hashes(template: Mapping[str, Any]) -> Any:
    """Mask what changes with the code of the functions, and nothing else."""
    return json.loads(_ASSET_HASH.sub("asset", json.dumps(template)))
