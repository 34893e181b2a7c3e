"""Workers that Compose starts are told what the templates tell those of the environment `dev`."""

from typing import Any

import yaml

from local.cloud import ACCOUNT, REGION
from local.composed import PORT
from runtime.core.contract import EnvVar
from tests.infra.conftest import ROOT
from tests.infra.templates import Deployment
from tests.infra.test_workers import container

ECS_ONLY = {EnvVar.ECS_CLUSTER_NAME, "ECS_ENABLE_TASK_PROTECTION"}
"""Compose starts no tasks of a service, so there is nothing to protect."""

QUEUES = {EnvVar.WORK_QUEUE_URL: "work", EnvVar.JOBS_QUEUE_URL: "jobs"}
NAMES = {
    EnvVar.JOBS_TABLE: "lifestream-jobs-dev",
    EnvVar.IDEMPOTENCY_TABLE: "lifestream-idempotency-dev",
    EnvVar.MEDIA_BUCKET: f"lifestream-media-dev-{ACCOUNT}-{REGION}",
    EnvVar.AWS_REGION: REGION,
}


def composed() -> dict[str, Any]:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    environment: dict[str, Any] = services["worker"]["environment"]
    return environment


def test_should_tell_workers_what_the_templates_do(pooled: Deployment) -> None:
    given = {e["Name"]: e["Value"] for e in container(pooled)["Environment"]}
    plain = {name: value for name, value in given.items() if isinstance(value, str)}
    told = composed()

    assert set(given) - set(told) == ECS_ONLY
    assert {n: told[n] for n in plain if n in told} == {
        n: v for n, v in plain.items() if n not in ECS_ONLY
    }
    assert {name: told[name] for name in NAMES} == NAMES


def test_should_know_the_queues_of_the_local_cloud() -> None:
    told = composed()
    endpoint = f"http://127.0.0.1:{PORT}"

    assert told["AWS_ENDPOINT_URL"] == endpoint
    for variable, queue in QUEUES.items():
        assert told[variable] == f"{endpoint}/{ACCOUNT}/lifestream-{queue}-dev"
