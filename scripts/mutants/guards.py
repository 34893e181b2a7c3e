"""The guards that must not be removed unnoticed: `guards.toml`, typed."""

import tomllib
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

FILE = Path(__file__).with_name("guards.toml")


class GuardMissingError(Exception):
    """A file does not have exactly one place with a guard's code."""


class Guard(BaseModel):
    """One guard: in `file`, `code` is replaced by `without`; one of `tests` must then fail."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    file: str
    code: str
    without: str
    tests: tuple[str, ...]

    def removed_from(self, source: str) -> str:
        """Return the file's source without the guard; raise `GuardMissingError`."""
        if source.count(self.code) != 1:
            raise GuardMissingError(
                f"{self.name}: {self.file} has {source.count(self.code)} times {self.code!r}; "
                "correct scripts/mutants/guards.toml"
            )
        return source.replace(self.code, self.without)


@cache
def guards() -> tuple[Guard, ...]:
    """Return all guards."""
    return tuple(Guard.model_validate(each) for each in tomllib.loads(FILE.read_text())["guard"])
