"""How good results are: DER beside stock pyannote's, and word errors with speakers counted.

    .venv/bin/python benchmarks/quality/beside_pyannote.py

cpWER and tcpWER need meeteval: `.venv/bin/pip install --no-deps -r benchmarks/requirements.txt`.
"""

import sys
import time
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.measuring.speech import (  # noqa: E402 - run by path, so the root comes first
    MODELS,
    TALK,
    attributed,
    audio_of,
    find_speakers,
    recognize,
    sound_of,
    truth_of,
    turns_from,
    turns_of,
)
from benchmarks.versus.stock import stock_pipeline  # noqa: E402
from lifestream.scoring import Turn, diarization_error_rate, read_rttm  # noqa: E402
from runtime.core.media import Audio  # noqa: E402
from scripts.verification.scoring import normalized  # noqa: E402

THREADS = 2
COLLAR_SECONDS = 5
"""How far off a word may be in time and still be the right one, as meeteval's authors have it."""


def main() -> None:
    """Print the figures."""
    dialogue = pyannote_sample()
    print(f"pyannote's sample, {dialogue.duration_seconds:.0f} s, two speakers")
    report_diarization(dialogue, dialogue.path.with_suffix(".rttm"))
    if not TALK.exists():
        print("talk: not measured, its recordings are Debian packages (scripts/sample_media)")
        return
    with sound_of(TALK) as audio:
        print(f"talk, {audio.duration_seconds:.0f} s, two speakers")
        report_diarization(audio, TALK.with_suffix(".rttm"))
        report_words(audio)


def pyannote_sample() -> Audio:
    """Return the labelled recording that pyannote.audio carries."""
    spec = find_spec("pyannote")
    if spec is None or spec.submodule_search_locations is None:
        raise SystemExit("pyannote.audio is not installed: run `make setup`.")
    return audio_of(Path(spec.submodule_search_locations[0]) / "audio" / "sample" / "sample.wav")


def report_diarization(audio: Audio, truth: Path) -> None:
    """Print the DER, without a collar and with overlaps, of both pipelines on the same weights."""
    reference = read_rttm(truth.read_text())
    ours = timed("  ours", lambda: turns_of(find_speakers(audio, threads=THREADS)), audio)
    stock = timed("  stock pyannote", lambda: stock_turns(audio), audio)
    rates = [diarization_error_rate(reference, turns) for turns in (ours, stock)]
    print(f"  DER: ours {rates[0]:.2%}, stock {rates[1]:.2%}")


def report_words(audio: Audio) -> None:
    """Print cpWER and tcpWER of the talk's transcript by speakers."""
    sentences = attributed(recognize(audio, threads=THREADS), find_speakers(audio, threads=THREADS))
    said = [(s.speaker, s.start_seconds, s.end_seconds, s.text) for s in sentences]
    cp = speaker_word_errors(truth_of(TALK), said)
    if cp is None:
        print("  cpWER: not measured, meeteval is not installed (see this script's first lines)")
        return
    tcp = speaker_word_errors(truth_of(TALK), said, collar=COLLAR_SECONDS)
    print(f"  cpWER {cp.error_rate:.2%} ({cp.errors} of {cp.length} words)")
    print(f"  tcpWER {tcp.error_rate:.2%}, words within {COLLAR_SECONDS} s")


Said = tuple[str, float, float, str]
"""Speaker, start, end and text."""


def speaker_word_errors(
    truth: Iterable[dict[str, Any]], said: Iterable[Said], collar: float | None = None
) -> Any:
    """Return meeteval's cpWER, or tcpWER with a collar in seconds; None without meeteval."""
    if find_spec("meeteval") is None:
        return None
    import meeteval  # noqa: PLC0415 - not everyone has it

    spoken = ((t["speaker"], t["start"], t["end"], t["text"]) for t in truth)
    texts = [meeteval.io.SegLST([segment(*each) for each in side]) for side in (spoken, said)]
    if collar is None:
        return meeteval.wer.combine_error_rates(meeteval.wer.cpwer(*texts))
    return meeteval.wer.combine_error_rates(meeteval.wer.tcpwer(*texts, collar=collar))


def segment(speaker: str, start: float, end: float, text: str) -> dict[str, Any]:
    """Return a segment of the one session, its words normalized."""
    return {
        "session_id": "talk",
        "speaker": speaker,
        "start_time": start,
        "end_time": end,
        "words": normalized(text),
    }


def stock_turns(audio: Audio) -> list[Turn]:
    """Return what pyannote's own pipeline finds, with the same configuration and weights."""
    import soundfile  # noqa: PLC0415 - heavy
    import torch  # noqa: PLC0415

    samples, rate = soundfile.read(audio.path, dtype="float32")
    sound = {"waveform": torch.from_numpy(samples)[None], "sample_rate": rate}
    found = stock_pipeline(MODELS / "diarization")(sound).speaker_diarization
    at = audio.starts_at_seconds
    return turns_from(
        (at + turn.start, at + turn.end, str(label))
        for turn, _, label in found.itertracks(yield_label=True)
    )


def timed(name: str, work: Callable[[], list[Turn]], audio: Audio) -> list[Turn]:
    """Run the work, print its real-time factor."""
    began = time.perf_counter()
    turns = work()
    took = time.perf_counter() - began
    print(f"{name}: {len(turns)} turns, {took / audio.duration_seconds:.3f} x real time")
    return turns


if __name__ == "__main__":
    main()
