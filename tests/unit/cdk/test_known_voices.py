"""Voices are kept only where an environment says so, and where there is an API for them."""

from pathlib import Path

import pytest

from cdk.config import load_environment
from cdk.constructs.compute.container import by_name
from cdk.constructs.compute.processor_container import _voices_variable

DEV = Path("environments/dev.toml")


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        ({"enabled": True, "known_voices": True}, {"KNOWN_VOICES": "true"}),
        ({"enabled": True}, {}),
        ({"enabled": False, "known_voices": True}, {}),
    ],
)
def test_should_keep_voices_only_on_request(
    service: dict[str, bool], expected: dict[str, str]
) -> None:
    environment = load_environment(DEV)
    assert environment.service is not None
    chosen = environment.service.model_copy(update=service)
    changed = environment.model_copy(update={"service": chosen})
    assert by_name(_voices_variable(changed)) == expected
