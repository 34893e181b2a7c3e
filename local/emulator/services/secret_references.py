"""Gap (1.5.33, upstream): a secret's `Ref` is its name, `SecureString`s stay encrypted."""

from typing import Any

from ministack.services import ssm

from local.emulator.cloudformation.handlers import Created, Delete, Properties, wrap
from local.emulator.patching import patch

SECRET = "AWS::SecretsManager::Secret"  # noqa: S105 a resource type
RANDOM_SUFFIX = "-"


def secret_name(physical_id: str) -> str:
    """Return a secret's name from its ARN, which ends in six random characters, or the name."""
    if not physical_id.startswith("arn:"):
        return physical_id
    return physical_id.rsplit(":secret:", maxsplit=1)[-1].rpartition(RANDOM_SUFFIX)[0]


def create(original: Any, logical_id: str, properties: Properties, stack: str) -> Created:
    """Create a secret; its physical id is its ARN."""
    _, attributes = original(logical_id, properties, stack)
    return attributes["Arn"], attributes


def update(original: Any, physical_id: str, *arguments: Any, **options: Any) -> Created:
    """Update a secret by its ARN."""
    _, attributes = original(secret_name(physical_id), *arguments, **options)
    return attributes["Arn"], attributes


def delete(original: Delete, physical_id: str, properties: Properties) -> None:
    """Delete a secret by its ARN."""
    original(secret_name(physical_id), properties)


def install() -> None:
    """Make a secret's physical id its ARN."""
    wrap(SECRET, create=create, update=update, delete=delete)


@patch(ssm, "resolve_parameter_value")
def resolve(original: Any, name: str, version: Any = None, *, decrypt: bool = True) -> Any:
    """Have ECS decrypt parameters."""
    return original(name, version, decrypt)
