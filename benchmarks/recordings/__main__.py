"""What becomes of the recordings that people have: `python -m benchmarks.recordings [KIND...]`.

Makes every variant of every kind, runs it through a whole job and prints a Markdown table.
`--write` keeps the rows in `results.csv` and docs/recordings.md.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.recordings import (
    channel_kinds,
    clock_kinds,
    colour_kinds,
    container_kinds,
    hard_speech_kinds,
    shot_kinds,
    slide_kinds,
    speech_kinds,
)
from benchmarks.recordings.kinds import Variant
from benchmarks.recordings.laboratory import listened, process
from benchmarks.recordings.results import FILE, PAGE, Row, merged, page_with, read_rows, write_rows
from runtime.core.clock import SystemClock
from runtime.core.contract import LeaveOut

_OF_PEOPLE = {"calls", "softer second voice"}


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", help="kinds to run, all if none is named")
    parser.add_argument("--sound", action="store_true", help="compare the sound only: no models")
    parser.add_argument("--words", action="store_true", help="words and pictures only: faster")
    parser.add_argument("--content", default="", help="only contents that hold this text")
    parser.add_argument("--rows", type=Path, default=FILE, help="file of rows, %(default)s")
    parser.add_argument("--skip", action="store_true", help="leave out what has a row already")
    parser.add_argument("--write", action="store_true", help="keep the rows")
    given = parser.parse_args()
    print("| kind | content | container, codec | language | outcome | seconds |", flush=True)
    print("|---|---|---|---|---|---|", flush=True)
    every = list(variants(words_only=given.words))
    known = {row.key for row in read_rows(given.rows)} if given.skip else set()
    for variant in every:
        is_asked = not given.kinds or variant.kind in given.kinds
        if not is_asked or given.content not in variant.content:
            continue
        if key_of(variant) in known:
            continue
        has_models = variant.source is None and variant.language != "none"
        if given.sound and has_models:
            continue
        began = time.perf_counter()
        is_heard = given.sound and variant.source is not None
        outcome = heard(variant) if is_heard else judged(variant)
        took = time.perf_counter() - began
        print(f"| {' | '.join((*key_of(variant), outcome))} | {took:.0f} |", flush=True)
        if given.write:
            keep(row_of(variant, outcome, by_sound=is_heard), every, given.rows)


def key_of(variant: Variant) -> tuple[str, str, str, str]:
    """Return what names a variant."""
    return (variant.kind, variant.content, variant.form, variant.language)


def row_of(variant: Variant, outcome: str, *, by_sound: bool) -> Row:
    """Return today's row of a variant."""
    if variant.code is not None:
        checked = "whole job"
    elif by_sound:
        checked = "sound"
    else:
        checked = "pictures" if variant.is_of_pictures else "words"
    kind, content, form, language = key_of(variant)
    return Row(
        kind=kind,
        content=content,
        form=form,
        language=language,
        outcome=outcome,
        checked=checked,
        date=datetime.fromtimestamp(SystemClock().now(), UTC).date().isoformat(),
    )


def keep(row: Row, every: Sequence[Variant], file: Path) -> None:
    """Keep a row in a file, and on the page if that is `results.csv`."""
    rows = merged(read_rows(file), [row], [key_of(variant) for variant in every])
    write_rows(rows, file)
    if file != FILE:
        return
    PAGE.write_text(page_with(rows, PAGE.read_text(encoding="utf-8")), encoding="utf-8")


def variants(*, words_only: bool = False) -> Iterator[Variant]:
    """Yield all variants; `words_only` leaves out summaries, and speakers where none is judged."""
    for make in (
        container_kinds.containers,
        container_kinds.entrance,
        speech_kinds.begins_in_a_word,
        speech_kinds.after_music,
        speech_kinds.softer_voices,
        speech_kinds.repeated_words,
        speech_kinds.no_speech,
        speech_kinds.languages,
        speech_kinds.conditions,
        hard_speech_kinds.sparse,
        hard_speech_kinds.disturbed,
        hard_speech_kinds.voices,
        clock_kinds.clocks,
        channel_kinds.mixes,
        channel_kinds.calls,
        channel_kinds.tracks,
        channel_kinds.labels,
        slide_kinds.slides,
        slide_kinds.cameras_and_transitions,
        slide_kinds.screens,
        shot_kinds.shots,
        colour_kinds.colours,
        colour_kinds.orientations,
    ):
        for variant in make():
            options = replace(variant.options, leave_out=_left_out(variant) if words_only else ())
            yield replace(variant, options=options)


def _left_out(variant: Variant) -> tuple[LeaveOut, ...]:
    left = (LeaveOut.SUMMARY, LeaveOut.PLAYER_AUDIO)
    return left if variant.kind in _OF_PEOPLE else (LeaveOut.SPEAKERS, *left)


def heard(variant: Variant) -> str:
    """Return whether a variant sounds as what it was made of."""
    with tempfile.TemporaryDirectory() as folder:
        return listened(variant, Path(folder))


def judged(variant: Variant) -> str:
    """Return what became of a variant: right, refused with its code, or what is wrong."""
    with tempfile.TemporaryDirectory() as folder:
        outcome = process(variant, Path(folder))
    if outcome.results is None:
        expected = outcome.code == variant.code
        return f"{'refused' if expected else 'WRONG: refused'}, `{outcome.code}`"
    if variant.code is not None:
        return f"WRONG: not refused with `{variant.code}`"
    problems = [problem for check in variant.checks if (problem := check(outcome.results))]
    warned = ", ".join(f"`{code}`" for code in sorted(outcome.results.warnings))
    if problems:
        return f"WRONG: {'; '.join(problems)} ({warned})".replace("|", "/")
    return f"right{', with ' + warned if warned else ''}"


if __name__ == "__main__":
    main()
