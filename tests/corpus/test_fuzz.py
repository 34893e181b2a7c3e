"""Some damaged videos; `make fuzz` damages thousands."""

import random
from pathlib import Path

import pytest

from chaos.fuzz import fuzz
from chaos.mutations import mutated

RUNS, SEED = 60, 11


@pytest.mark.corpus
def test_should_bring_every_damaged_video_to_a_typed_end_in_time(tmp_path: Path) -> None:
    findings = fuzz(RUNS, SEED, tmp_path)
    assert findings.violations == []
    assert findings.ends.total() == RUNS
    assert len(findings.ends) > 2


def test_should_damage_the_same_again_from_the_same_seed() -> None:
    healthy = b"ftypmoovmdat" * 100

    def damaged(number: int) -> bytes:
        return mutated(healthy, random.Random(str(number)))  # noqa: S311 - a seed is to replay it

    first = [damaged(number) for number in range(50)]
    assert first == [damaged(number) for number in range(50)]
    assert len(set(first)) > 40
