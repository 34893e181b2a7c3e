"""What Compose starts gets the variables and checks that the templates of `dev` give it."""

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from local.cloud import ACCOUNT, REGION
from local.composed import API_URL, ISSUER_PORT, PORT, WEB_URL
from local.service_settings import CLIENT
from runtime.core.contract import EnvVar
from tests.infra.conftest import ROOT
from tests.infra.service import container as service_container
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


LOCAL = {EnvVar.WORKER_PORT}
"""The API has the usual port of their common interface."""

ENDPOINT = f"http://127.0.0.1:{PORT}"
SERVICE_ECS_ONLY = {
    *(EnvVar.ECS_CLUSTER_NAME, EnvVar.ECS_ENABLE_TASK_PROTECTION),
    # Of the stack that starts them on AWS.
    *(EnvVar.WEBHOOK_QUEUE_URL, EnvVar.EVENT_BUS_NAME),
}
"""Compose starts no tasks of a service, and has no webhooks."""

SERVICE_LOCAL = {
    EnvVar.OIDC_ISSUER: f"http://127.0.0.1:{ISSUER_PORT}",
    EnvVar.OIDC_AUDIENCE: CLIENT,
    EnvVar.OIDC_CLIENT_ID: CLIENT,
    EnvVar.CORS_ORIGINS: WEB_URL,
    EnvVar.WEB_API_URL: API_URL,
    EnvVar.WEB_PUBLIC_URL: WEB_URL,
    EnvVar.WEB_MEDIA_ORIGINS: ENDPOINT,
    EnvVar.AWS_REGION: REGION,
}
TABLES = {
    EnvVar.UPLOADS_TABLE: "uploads",
    EnvVar.API_KEYS_TABLE: "api-keys",
    EnvVar.WEBHOOKS_TABLE: "webhooks",
    EnvVar.READS_TABLE: "reads",
    EnvVar.SESSIONS_TABLE: "sessions",
}
ADDED: Mapping[str, set[str]] = {
    "api": {"API_HOST", EnvVar.CACHE_URL, EnvVar.WORK_QUEUE_URL},
    "web": {EnvVar.WEB_HOST},
}
"""Variables that the template of `dev` alone does not give: a cache, a pool, one interface."""

AWS = {"AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}


def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    return found


def composed() -> dict[str, Any]:
    environment: dict[str, Any] = services()["worker"]["environment"]
    return environment


def test_should_give_workers_the_variables_of_the_templates(pooled: Deployment) -> None:
    given = {e["Name"]: e["Value"] for e in container(pooled)["Environment"]}
    plain = {name: value for name, value in given.items() if isinstance(value, str)}
    environment = composed()

    assert set(given) - set(environment) == ECS_ONLY
    assert {n: environment[n] for n in plain if n in environment and n not in LOCAL} == {
        n: v for n, v in plain.items() if n not in ECS_ONLY | LOCAL
    }
    assert {name: environment[name] for name in NAMES} == NAMES


def test_should_know_the_queues_of_the_local_cloud() -> None:
    for name in ("worker", "api"):
        environment = services()[name]["environment"]
        assert environment["AWS_ENDPOINT_URL"] == ENDPOINT
        for variable, queue in {**QUEUES, EnvVar.JOBS_DLQ_URL: "jobs-dlq"}.items():
            if variable in environment:
                assert environment[variable] == f"{ENDPOINT}/{ACCOUNT}/lifestream-{queue}-dev"


@pytest.mark.parametrize("name", ["api", "web"])
def test_should_give_the_services_the_variables_of_the_templates(
    served: Mapping[str, Deployment], name: str
) -> None:
    on_aws = {e["Name"]: e["Value"] for e in service_container(served["dev"], name)["Environment"]}
    here = services()[name]["environment"]
    known = {variable: here[variable] for variable in SERVICE_LOCAL if variable in here}
    assert set(here) - AWS == (set(on_aws) - SERVICE_ECS_ONLY) | ADDED[name]
    assert known == {variable: SERVICE_LOCAL[variable] for variable in known}
    for variable, value in here.items():
        if variable in TABLES:
            assert value == f"lifestream-{TABLES[variable]}-dev"
        elif variable in NAMES:
            assert value == NAMES[EnvVar(variable)]
        elif not (variable in SERVICE_LOCAL or variable.endswith("_URL")) and variable in on_aws:
            assert value == on_aws[variable], variable


@pytest.mark.parametrize("name", ["api", "web"])
def test_should_check_the_services_as_ecs_does(served: Mapping[str, Deployment], name: str) -> None:
    on_aws = service_container(served["dev"], name)["HealthCheck"]
    here = services()[name]["healthcheck"]
    assert here["test"] == on_aws["Command"]
    seconds = {"interval": "Interval", "timeout": "Timeout", "start_period": "StartPeriod"}
    assert {k: here[k] for k in seconds} == {k: f"{on_aws[v]}s" for k, v in seconds.items()}
    assert here["retries"] == on_aws["Retries"]
