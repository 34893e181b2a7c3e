from typing import Any

import pytest

from local.emulator.ecs.task_tags import refusal, task_tags

DEFINITION = [{"key": "environment", "value": "dev"}, {"key": "of", "value": "definition"}]
SERVICE = [{"key": "environment", "value": "prod"}]


def tags(**request: Any) -> dict[str, str]:
    found = task_tags(request, definition=DEFINITION, service=SERVICE, cluster="any")
    return {tag["key"]: tag["value"] for tag in found}


@pytest.mark.parametrize(
    ("source", "inherited"),
    [
        (None, {}),
        ("NONE", {}),
        ("TASK_DEFINITION", {"environment": "dev", "of": "definition"}),
        ("SERVICE", {"environment": "prod"}),
    ],
)
def test_should_inherit_only_from_where_it_is_said(
    source: str | None, inherited: dict[str, str]
) -> None:
    assert tags(propagateTags=source) == inherited


def test_should_prefer_the_requests_own_tags() -> None:
    own = [{"key": "of", "value": "request"}]
    assert tags(propagateTags="TASK_DEFINITION", tags=own)["of"] == "request"


def test_should_name_cluster_and_service_where_managed_tags_are_enabled() -> None:
    assert tags(enableECSManagedTags=True, group="service:pool") == {
        "aws:ecs:clusterName": "any",
        "aws:ecs:serviceName": "pool",
    }


@pytest.mark.parametrize("source", ["SERVICE", "ANYTHING"])
def test_should_refuse_other_sources_for_run_task(source: str) -> None:
    assert source in str(refusal({"propagateTags": source}))
