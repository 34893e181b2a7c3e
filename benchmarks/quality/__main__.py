"""How good results are with each quality: `python -m benchmarks.quality [MEASURE...]`.

Prints Markdown tables for docs/performance.md: words, speakers, languages and times of words by
preset, then speakers and pictures, which do not depend on it. A preset without weights is left out.
"""

import argparse

from benchmarks.measuring.jobs import MODEL
from benchmarks.measuring.speech import MODELS, TALK, find_speakers, sound_of, turns_of
from benchmarks.quality import pictures, words
from benchmarks.quality.beside_pyannote import THREADS, pyannote_sample
from lifestream.scoring import diarization_error_rate, read_rttm
from runtime.core.contract import Quality
from runtime.core.errors import Permanent
from runtime.processor.models.presets import Preset, preset_of


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("measures", nargs="*", help="texts that names of measures hold")
    asked = parser.parse_args().measures

    def is_asked(name: str) -> bool:
        return not asked or any(text in name for text in asked)

    print("| measured | " + " | ".join(Quality) + " |\n|---|" + "---|" * len(Quality), flush=True)
    presets = {quality: _preset(quality) for quality in Quality}
    for name, measure in words.MEASURES.items():
        if not is_asked(name):
            continue
        cells = [measure(preset) if preset else "not run" for preset in presets.values()]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)
    print("\n| measured | of any quality |\n|---|---|")
    if is_asked("DER"):
        for name, rate in _diarization().items():
            print(f"| DER, {name} | {rate:.2%} |", flush=True)
    for name, score in pictures.SCORES.items():
        if is_asked(name):
            print(f"| {name} | {score()} |", flush=True)


def _preset(quality: Quality) -> Preset | None:
    try:
        return preset_of(quality, models_dir=MODELS, asr_model=MODEL)
    except Permanent:
        return None


def _diarization() -> dict[str, float]:
    """Return the DER, without a collar and with overlaps, of the labelled recordings."""
    sample = pyannote_sample()
    with sound_of(TALK) as talk:
        return {
            name: diarization_error_rate(
                read_rttm(truth.with_suffix(".rttm").read_text()),
                turns_of(find_speakers(audio, threads=THREADS)),
            )
            for name, audio, truth in (
                ("the talk", talk, TALK),
                ("pyannote's sample", sample, sample.path),
            )
        }


if __name__ == "__main__":
    main()
