"""The pytest plugin: the fixture `ecs_agent`."""

from collections.abc import Iterator

import pytest

from .endpoint import AgentEndpoint, serving


@pytest.fixture
def ecs_agent(monkeypatch: pytest.MonkeyPatch) -> Iterator[AgentEndpoint]:
    """Serve a task's agent with AWS's answers, as `$ECS_AGENT_URI` of this process."""
    with serving() as endpoint:
        monkeypatch.setenv("ECS_AGENT_URI", endpoint.uri)
        monkeypatch.delenv("ECS_ENABLE_TASK_PROTECTION", raising=False)
        yield endpoint
