"""Gap: a secret's `Ref` is its name, and containers get `SecureString` parameters encrypted."""

from typing import Any

from ministack.services import ssm
from ministack.services.cloudformation import provisioners

from local.emulator.cloudformation.handlers import Attributes, Properties

SECRET = "AWS::SecretsManager::Secret"  # noqa: S105 a resource type
RANDOM_SUFFIX = "-"


def secret_name(physical_id: str) -> str:
    """Return a secret's name from its ARN, which ends in six random characters, or the name."""
    if not physical_id.startswith("arn:"):
        return physical_id
    return physical_id.rsplit(":secret:", maxsplit=1)[-1].rpartition(RANDOM_SUFFIX)[0]


def install() -> None:
    """Make a secret's physical id its ARN, and have ECS decrypt parameters."""
    handlers = dict(provisioners._RESOURCE_HANDLERS[SECRET])
    create, update, delete = handlers["create"], handlers["update"], handlers["delete"]

    def create_with_arn(
        logical_id: str, properties: Properties, stack: str
    ) -> tuple[str, Attributes]:
        _, attributes = create(logical_id, properties, stack)
        return attributes["Arn"], attributes

    def update_with_arn(
        physical_id: str, old: Properties, new: Properties, *more: Any, **options: Any
    ) -> tuple[str, Attributes]:
        _, attributes = update(secret_name(physical_id), old, new, *more, **options)
        return attributes["Arn"], attributes

    def delete_by_arn(physical_id: str, properties: Properties) -> None:
        delete(secret_name(physical_id), properties)

    handlers.update(create=create_with_arn, update=update_with_arn, delete=delete_by_arn)
    provisioners._RESOURCE_HANDLERS[SECRET] = handlers

    resolve = ssm.resolve_parameter_value

    def resolve_decrypted(name: str, version: Any = None, *, decrypt: bool = True) -> Any:
        return resolve(name, version, decrypt)

    ssm.resolve_parameter_value = resolve_decrypted
