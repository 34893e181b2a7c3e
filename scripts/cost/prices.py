"""The table of prices: what things cost, since when, and what no template says."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("prices.toml")


@dataclass(frozen=True, slots=True)
class ManagedService:
    """A service that does a part of this system's work, and its list price."""

    name: str
    usd_minute: float
    does: str
    source: str


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """A model that may write summaries, and its list prices for a million tokens."""

    name: str
    usd_million_in: float
    usd_million_out: float
    source: str

    def usd(self, tokens_in: float, tokens_out: float) -> float:
        """Return what so many tokens cost."""
        return (tokens_in * self.usd_million_in + tokens_out * self.usd_million_out) / 1e6


@dataclass(frozen=True, slots=True)
class Prices:
    """`usd` by name of a price, `assumed` by name of an assumption, `hours` of a month."""

    usd: dict[str, float]
    assumed: dict[str, float]
    why: dict[str, str]
    sources: tuple[str, ...]
    hours: float
    read_on: str
    region: str
    managed: tuple[ManagedService, ...]
    models: tuple[LanguageModel, ...]


def load(path: Path = FILE) -> Prices:
    """Read the table."""
    content: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    return Prices(
        usd={name: float(entry["usd"]) for name, entry in content["price"].items()},
        assumed={name: float(entry["value"]) for name, entry in content["assumed"].items()},
        why={name: str(entry["why"]) for name, entry in content["assumed"].items()},
        sources=tuple(sorted({str(entry["source"]) for entry in content["price"].values()})),
        hours=float(content["month"]["hours"]),
        read_on=str(content["read_on"]),
        region=str(content["region"]),
        managed=tuple(ManagedService(**entry) for entry in content["managed"]),
        models=tuple(LanguageModel(**entry) for entry in content["model"]),
    )
