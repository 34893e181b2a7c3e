"""The pytest plugin: the fixtures `ecs_agent` and `protection_simulation`."""

from collections.abc import Callable, Iterator

import pytest

from .endpoint import AgentEndpoint, serving
from .simulation.search import Total, search


@pytest.fixture
def ecs_agent(monkeypatch: pytest.MonkeyPatch) -> Iterator[AgentEndpoint]:
    """Serve a task's agent with AWS's answers, as `$ECS_AGENT_URI` of this process."""
    with serving() as endpoint:
        monkeypatch.setenv("ECS_AGENT_URI", endpoint.uri)
        monkeypatch.delenv("ECS_ENABLE_TASK_PROTECTION", raising=False)
        yield endpoint


@pytest.fixture
def protection_simulation() -> Callable[..., Total]:
    """Return `search`: it plays days of a policy and of jobs like yours in virtual time."""
    return search
