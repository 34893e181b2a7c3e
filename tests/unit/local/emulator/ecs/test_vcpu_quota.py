import pytest

from local.emulator.ecs.vcpu_quota import exceeds
from local.emulator.settings import Quotas

SIX = Quotas(fargate_vcpus=6, fargate_spot_vcpus=6)


@pytest.mark.parametrize(
    ("provider", "running", "refused"),
    [
        ("FARGATE", [], False),
        ("FARGATE", [("FARGATE", 2.0)], False),
        ("FARGATE", [("FARGATE", 2.5)], True),
        ("FARGATE", [("FARGATE_SPOT", 6.0)], False),
        ("FARGATE_SPOT", [("FARGATE", 6.0)], False),
        ("FARGATE_SPOT", [("FARGATE_SPOT", 4.0)], True),
    ],
)
def test_should_count_each_provider_apart(
    provider: str, running: list[tuple[str, float]], refused: object
) -> None:
    assert exceeds(SIX, provider, 4.0, running) is refused


def test_should_allow_anything_without_a_quota() -> None:
    assert not exceeds(Quotas(), "FARGATE", 4.0, [("FARGATE", 4000.0)])
