import pytest

from local.emulator.services.secret_references import secret_name

PREFIX = "arn:aws:secretsmanager:us-east-1:000000000000:secret:"


@pytest.mark.parametrize(
    ("physical_id", "name"),
    [
        (PREFIX + "lifestream/api-Ab12Cd", "lifestream/api"),
        (PREFIX + "with-dashes-in-it-Ab12Cd", "with-dashes-in-it"),
        ("plain-name", "plain-name"),
    ],
)
def test_should_find_a_secrets_name(physical_id: str, name: str) -> None:
    assert secret_name(physical_id) == name
