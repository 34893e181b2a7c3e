"""What tracing takes: a word to the code, a right, a way out, and none of it where it is off."""

import json

import pytest

from runtime.core.contract import FALSE, TRUE, EnvVar
from tests.infra.conftest import ROOT, synthesize
from tests.infra.gpu import GPU
from tests.infra.templates import Deployment

RIGHT = "xray:PutTraceSegments"


@pytest.fixture(scope="module")
def untraced() -> Deployment:
    """Everything that is traced elsewhere: tasks, workers of both kinds, a closed network."""
    text = (ROOT / "environments" / "prod.toml").read_text()
    text = text.replace("tracing = true", "tracing = false")
    text = text.replace('launch = "on_demand"', 'launch = "pool"')
    return synthesize(text + GPU)


def tracing_variables(deployment: Deployment) -> dict[str, str | None]:
    """Return the variable that switches tracing, by function and family of tasks."""
    functions = {
        str(found["Properties"]["FunctionName"]): found["Properties"]["Environment"]["Variables"]
        for found in deployment.of_type("AWS::Lambda::Function").values()
    }
    tasks = {
        str(found["Properties"]["Family"]): {
            variable["Name"]: variable["Value"]
            for container in found["Properties"]["ContainerDefinitions"]
            for variable in container["Environment"]
        }
        for found in deployment.of_type("AWS::ECS::TaskDefinition").values()
    }
    return {name: given.get(EnvVar.TRACING) for name, given in {**functions, **tasks}.items()}


def tracers(deployment: Deployment) -> int:
    return sum(RIGHT in statement.actions for statement in deployment.statements())


def test_should_tell_and_allow_every_component_to_trace(deployment: Deployment) -> None:
    assert deployment.config.observability.tracing
    assert set(tracing_variables(deployment).values()) == {TRUE}
    # The dispatcher, the reaper, and each kind of task.
    assert tracers(deployment) == len(tracing_variables(deployment)) >= 3
    for statement in deployment.statements():
        if RIGHT in statement.actions:
            assert statement.actions == {RIGHT}
            assert statement.resources == {"*"}


def test_should_neither_allow_nor_pay_for_traces_where_there_are_none(
    untraced: Deployment,
) -> None:
    assert set(tracing_variables(untraced).values()) == {FALSE}
    assert len(tracing_variables(untraced)) == 5
    assert tracers(untraced) == 0
    assert "xray" not in json.dumps(untraced.stacks["network"])


def test_should_begin_no_other_trace(deployment: Deployment) -> None:
    for function in deployment.of_type("AWS::Lambda::Function").values():
        assert "TracingConfig" not in function["Properties"]
