"""Measures of scenes: how many slides and cuts are found, as F1."""

import json
import tempfile
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from pathlib import Path

from benchmarks.recordings import shot_kinds, slide_kinds
from benchmarks.recordings.kinds import Variant
from benchmarks.recordings.sounds import TALK
from runtime.core.media import Upload
from runtime.processor.decoder.decoder import Decoder
from scripts.verification.scoring import missed_and_false_cuts

NEAR_SECONDS = 0.25
Counts = tuple[int, int, int]
"""Changes that were found, missed, and invented."""


def talk_cuts() -> str:
    """Return the F1 of the talk's cuts."""
    cuts = json.loads(TALK.with_suffix(".truth.json").read_text())["cuts"]
    return f1([counted(TALK, cuts, 0.1)])


def slides() -> str:
    """Return the F1 of slides in all variants of them."""
    variants = chain(
        slide_kinds.slides(), slide_kinds.cameras_and_transitions(), slide_kinds.screens()
    )
    return f1(map(of_variant, variants))


def shots() -> str:
    """Return the F1 of cuts in variants with flashes and dropped frames."""
    return f1(map(of_variant, shot_kinds.shots()))


def of_variant(variant: Variant) -> Counts:
    """Make a variant and count."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / variant.name
        variant.make(path)
        return counted(path, variant.starts[1:], NEAR_SECONDS)


def counted(path: Path, truth: Sequence[float], near_seconds: float) -> Counts:
    """Count the changes of a film beside the truth."""
    decoder = Decoder()
    info = decoder.probe(Upload(path=path, key=path.name)).value
    scenes = decoder.detect_scenes(path, info, lambda _: None).value
    starts = [{"start_seconds": scene.start_seconds} for scene in scenes]
    missed, false = missed_and_false_cuts(truth, starts, near_seconds)
    return len(truth) - len(missed), len(missed), len(false)


def f1(counts: Iterable[Counts]) -> str:
    """Return the harmonic mean of precision and recall, with the counts."""
    found, missed, false = (sum(values) for values in zip(*counts, strict=True))
    score = 2 * found / max(1, 2 * found + missed + false)
    return f"{score:.3f} ({found} found, {missed} missed, {false} false)"


SCORES: dict[str, Callable[[], str]] = {
    "F1 of cuts, the talk": talk_cuts,
    "F1 of slides, variants": slides,
    "F1 of cuts, variants with flashes and dropped frames": shots,
}
