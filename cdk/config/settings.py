"""The base of every table of settings: strict, frozen, and refused with all problems at once."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, Self, TypeVar, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

RULE_BROKEN = "rule_broken"
"""Error type of a setting that is right by itself and wrong beside others."""

Location = tuple[int | str, ...]


class Violation(NamedTuple):
    """A setting that does not go with others: its dotted key, what completes "allowed is ..."."""

    key: str
    allowed: str


Violations = Iterator[str | Violation]
Rule = TypeVar("Rule", bound=Callable[[Any], Violations])
_RULE_ABOUT = "rule_about"


def whole(low: int, high: int, why: str = "", **more: Any) -> Any:
    """Declare a whole number within bounds, both included, and the reason for these."""
    return Field(ge=low, le=high, json_schema_extra={"why": why}, **more)


def rule(key: str = "") -> Callable[[Rule], Rule]:
    """Mark a method of `Settings` as a rule about the setting of a dotted key.

    It yields what completes "allowed is ..."; without a key, a sentence about the whole file. A
    `Violation` is about another setting.
    """

    def mark(method: Rule) -> Rule:
        vars(method)[_RULE_ABOUT] = key
        return method

    return mark


class Settings(BaseModel):
    """A table of settings; a setting's docstring is its description.

    Its rules are checked even if a setting is wrong, except for the rules that read that setting.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True
    )

    @field_validator("*")
    @classmethod
    def _each_once(cls, value: Any) -> Any:
        texts = isinstance(value, tuple) and all(isinstance(each, str) for each in value)
        if texts and len(set(value)) < len(value):
            raise ValueError("a value is listed more than once")
        return value

    @model_validator(mode="wrap")
    @classmethod
    def _report_everything(cls, given: Any, validate: ModelWrapValidatorHandler[Self]) -> Self:
        errors: list[InitErrorDetails] = []
        try:
            settings = validate(given)
        except ValidationError as error:
            found = error.errors(include_url=False)
            errors += [_error(e["type"], e["loc"], e["msg"], e["input"]) for e in found]
            refused = [e["loc"] for e in found if e["type"] != RULE_BROKEN]
            settings = _accepted(cls, given if isinstance(given, dict) else {}, refused)
        errors += _violations(settings, partial=bool(errors))
        if errors:
            raise ValidationError.from_exception_data(cls.__name__, errors)
        return settings


_Settings = TypeVar("_Settings", bound=Settings)


def _accepted(
    kind: type[_Settings], given: dict[str, Any], refused: Iterable[Location]
) -> _Settings:
    """Return the settings that are not refused; reading another raises `AttributeError`."""
    accepted: dict[str, Any] = {}
    left_out = []
    for name, field in kind.model_fields.items():
        key = field.alias or name
        value, below = given.get(key), _below(refused, key)
        table = _table(field.annotation)
        if table and isinstance(value, dict):
            accepted[key] = _accepted(table, value, below)
        elif table and isinstance(value, list) and all(isinstance(each, dict) for each in value):
            tables = (_accepted(table, t, _below(below, n)) for n, t in enumerate(value))
            accepted[key] = tuple(tables)
        elif below:
            left_out.append(name)
        elif key in given:
            accepted[key] = value
    settings = kind.model_construct(**accepted)
    for name in left_out:
        vars(settings).pop(name, None)  # an optional one has its default there
    return settings


def _violations(settings: Settings, *, partial: bool) -> Iterator[InitErrorDetails]:
    classes = reversed(type(settings).__mro__)
    for method in [method for each in classes for method in vars(each).values()]:
        about = getattr(method, _RULE_ABOUT, None)
        if about is not None:
            try:
                for found in method(settings):
                    key, allowed = (about, found) if isinstance(found, str) else found
                    yield _error(RULE_BROKEN, _location(key), allowed, None)
            except AttributeError:
                if not partial:
                    raise


def _location(key: str) -> Location:
    return tuple(int(part) if part.isdigit() else part for part in key.split(".") if part)


def _below(locations: Iterable[Location], part: int | str) -> list[Location]:
    return [location[1:] for location in locations if location[:1] == (part,)]


def _table(annotation: Any) -> type[Settings] | None:
    """Return the class of a setting that is a table, an optional table or an array of tables."""
    kinds = (annotation, *get_args(annotation)[:1])
    return next((k for k in kinds if isinstance(k, type) and issubclass(k, Settings)), None)


def _error(kind: str, location: Location, message: str, given: Any) -> InitErrorDetails:
    error = PydanticCustomError(kind, "{message}", {"message": message})
    return InitErrorDetails(type=error, loc=location, input=given)
