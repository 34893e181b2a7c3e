"""The document for people names every code there is."""

import re
from pathlib import Path

import pytest

from runtime.processor.decoder.outcomes import ChildOutcome, error_of
from runtime.results.warnings import WARNINGS
from tests.corpus.cases import REFUSED

ROOT = Path(__file__).parents[3]
DOCUMENT = (ROOT / "docs" / "processing.md").read_text()
ENDS = ("memory", "silence", "SIGXCPU", "unforeseen", "nonsense", "SIGSEGV", "SIGKILL")


def named() -> set[str]:
    """Every code in backquotes; `_hung` after `media.decoder_crashed` is short for its like."""
    codes = set(re.findall(r"`([a-z_]+\.[a-z_]+)`", DOCUMENT))
    short = re.findall(r"`_([a-z_]+)`", DOCUMENT)
    return codes | {f"media.decoder_{end}" for end in short}


@pytest.mark.parametrize("code", WARNINGS)
def test_should_name_every_warning(code: str) -> None:
    assert code in named()


@pytest.mark.parametrize("code", sorted({case.code for case in REFUSED.values() if case.code}))
def test_should_name_every_refusal(code: str) -> None:
    assert code in named()


@pytest.mark.parametrize("end", ENDS)
def test_should_name_every_bad_end_of_a_child(end: str) -> None:
    assert error_of(ChildOutcome(failed=end), "probe").code in named()
