"""Reads tables of settings: what is accepted by key, and a line for everything that is not."""

from typing import Any

from cdk.config.settings import is_optional, rule_of, settings_of


class ConfigError(Exception):
    """A file of settings is wrong. `problems` has one line each: given, allowed, where."""

    def __init__(self, problems: list[str]) -> None:
        """Keep the lines; the message shows them all."""
        super().__init__("\n".join(["The configuration cannot be used as it is:", *problems]))
        self.problems = tuple(problems)


class Reader:
    """Collects accepted values by dotted key, and a line for each that is not."""

    def __init__(self, where: str) -> None:
        """Keep the file's name, as a person knows it."""
        self._where = where
        self.values: dict[str, Any] = {}
        self.problems: list[str] = []

    def read(self, prefix: str, kind: type[Any], table: dict[str, Any]) -> None:
        """Read a table, whose settings are those of `kind`, under their names after a prefix."""
        known = settings_of(kind)
        for key in table:
            if key not in known:
                self.problems.append(
                    f"{self._where}: {prefix}{key} is not a setting;"
                    f" allowed here: {', '.join(known)}; correct or remove it"
                )
        for key, item in known.items():
            rule = rule_of(item)
            if key in table and rule.accepts(table[key]):
                value = table[key]
                self.values[prefix + key] = tuple(value) if isinstance(value, list) else value
            elif key in table:
                self.problems.append(line(self._where, prefix + key, table[key], rule.allowed))
            elif is_optional(item):
                self.values[prefix + key] = None
            else:
                self.problems.append(
                    f"{self._where}: {prefix}{key} is missing; allowed is {rule.allowed}; add it"
                )

    def within(self, prefix: str) -> dict[str, Any]:
        """Return the accepted values directly under a prefix, by their bare keys."""
        bare = {
            key.removeprefix(prefix): value
            for key, value in self.values.items()
            if key.startswith(prefix)
        }
        return {key: value for key, value in bare.items() if "." not in key}


def line(where: str, key: str, given: Any, allowed: str) -> str:
    """Return the line for a value that is not allowed: given, allowed, where to change it."""
    change = "rename the file" if key == "name" else f"change {key} in {where}"
    return f"{where}: {key} = {given!r}; allowed is {allowed}; {change}"
