"""How well voices are known again: false accepts and false rejects of recorded people.

    .venv/bin/python benchmarks/voices.py [--each 6] [--seconds 20] [--keep FILE]

Each person's recordings are of different sentences, of `--seconds` each. Each pair of recordings is
compared: of the same person they should be accepted, of two people rejected. Voices are found as
the diarize stage finds them; with `--keep` those found before are not computed again. The Spanish
and English prompts are read by one person.
"""

import argparse
import itertools
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ["HF_HUB_OFFLINE"] = "1"

from benchmarks.measuring.speech import audio_of, find_speakers  # noqa: E402 - run by path
from benchmarks.recordings.sounds import Samples, write_wav  # noqa: E402
from runtime.core.media import Voice  # noqa: E402
from runtime.processor.stages.diarize import DiarizeOptions  # noqa: E402
from runtime.voices.matching import THRESHOLD, similarity  # noqa: E402
from scripts.labelled_speech.prompts import VOICES, Prompts  # noqa: E402
from scripts.sample_media.ffmpeg import decode_speech  # noqa: E402
from scripts.sample_media.speech import SAMPLE_RATE  # noqa: E402
from scripts.setup.commands import cache_folder  # noqa: E402

PERSON = {"en": "Allison", "es": "Allison"}
BOOKS = "usr/share/pocketsphinx/test/data/librivox"
STEPS = [round(0.30 + 0.05 * n, 2) for n in range(11)]


def main() -> None:
    """Measure, and print the rates at each threshold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    voices = list(found_voices(given.each, given.seconds, given.keep))
    same: list[float] = []
    other: list[float] = []
    for (one, first), (two, second) in itertools.combinations(voices, 2):
        (same if one == two else other).append(similarity(first, second))
    people = {person for person, _ in voices}
    print(f"{len(people)} people, {len(voices)} recordings of {given.seconds:.0f} s")
    print(f"same person: {len(same)} pairs, {min(same):.2f} to {max(same):.2f}")
    print(f"others: {len(other)} pairs, {min(other):.2f} to {max(other):.2f}")
    print("| threshold | false accepts | false rejects |\n|---|---|---|")
    for step in STEPS:
        accepted = sum(each >= step for each in other)
        rejected = sum(each < step for each in same)
        mark = " (used)" if step == THRESHOLD else ""
        print(
            f"| {step:.2f}{mark} | {accepted} of {len(other)} ({accepted / len(other):.1%}) "
            f"| {rejected} of {len(same)} ({rejected / len(same):.1%}) |"
        )


def found_voices(each: int, seconds: float, keep: Path | None) -> Iterator[tuple[str, list[float]]]:
    """Yield people and the vectors of their recordings."""
    kept = json.loads(keep.read_text()) if keep is not None and keep.exists() else {}
    with tempfile.TemporaryDirectory() as scratch:
        for number, (person, samples) in enumerate(recordings(each, seconds)):
            if str(number) not in kept:
                voice = voice_of(samples, Path(scratch) / "recording.wav")
                kept[str(number)] = None if voice is None else list(voice.vector)
                if keep is not None:
                    keep.write_text(json.dumps(kept))
            if kept[str(number)] is not None:
                yield person, kept[str(number)]


def recordings(each: int, seconds: float) -> Iterator[tuple[str, Samples]]:
    """Yield people and recordings of so many seconds, none with a sentence of another."""
    prompts = Prompts()
    for language in VOICES:
        clips = (prompts.read(language, name).samples for name in names(prompts, language))
        yield from joined(PERSON.get(language, language), clips, each, seconds)
    books = cache_folder() / "debian-speech" / BOOKS
    clips = (decode_speech(path) for path in sorted(books.glob("*.wav")))
    yield from joined("reader", clips, each, seconds / 2)


def names(prompts: Prompts, language: str) -> list[str]:
    """Return the prompts of a language that have several words, in one order."""
    texts = prompts._texts(language)  # noqa: SLF001 - the list of what there is
    folder = prompts._folder / "usr/share/asterisk/sounds" / VOICES[language]  # noqa: SLF001
    return [
        name
        for name, text in sorted(texts.items())
        if len(text.split()) > 4 and (folder / f"{name}.g722").exists()  # noqa: PLR2004
    ]


def joined(
    person: str, clips: Iterator[Samples], each: int, seconds: float
) -> Iterator[tuple[str, Samples]]:
    """Yield recordings made of a person's clips."""
    made, parts, length = 0, list[Samples](), 0
    pause = np.zeros(SAMPLE_RATE // 4)
    for clip in clips:
        parts += [clip, pause]
        length += len(clip)
        if length >= seconds * SAMPLE_RATE:
            yield person, np.concatenate(parts)
            made, parts, length = made + 1, [], 0
        if made == each:
            return


def voice_of(samples: Samples, path: Path) -> Voice | None:
    """Return the voice of a recording of one person."""
    options = DiarizeOptions(max_speakers=1, voices=True)
    found = find_speakers(audio_of(write_wav(path, samples)), threads=2, options=options)
    return max(found.voices, key=lambda voice: voice.seconds, default=None)


if __name__ == "__main__":
    main()
