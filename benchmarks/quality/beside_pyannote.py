"""How good results are: DER beside stock pyannote's, and word errors with speakers counted.

    .venv/bin/python benchmarks/quality/beside_pyannote.py

cpWER and tcpWER need meeteval: `.venv/bin/pip install --no-deps -r benchmarks/requirements.txt`.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from runtime.core.media import SAMPLE_RATE, Audio, Sentence  # noqa: E402 - run by path, so the root comes first
from runtime.processor.stages.attribute import attribute  # noqa: E402
from runtime.processor.stages.audio import extract_audio  # noqa: E402
from runtime.processor.stages.diarize import diarize  # noqa: E402
from runtime.processor.stages.probe import probe  # noqa: E402
from runtime.processor.stages.sentences import split_sentences  # noqa: E402
from runtime.processor.stages.transcribe import transcribe  # noqa: E402
from scripts.verification.scoring import normalized  # noqa: E402

MODELS = (ROOT / ".lifestream" / "models").resolve()
TALK = ROOT / ".lifestream" / "media" / "talk.mp4"
THREADS = 2
COLLAR_SECONDS = 5
"""How far off a word may be in time and still be the right one, as meeteval's authors have it."""


def main() -> None:
    """Print the figures."""
    dialogue = pyannote_sample()
    with tempfile.TemporaryDirectory() as folder:
        print(f"pyannote's sample, {dialogue.duration_seconds:.0f} s, two speakers")
        report_diarization(dialogue, dialogue.path.with_suffix(".rttm"))
        if not TALK.exists():
            print("talk: not measured, its recordings are Debian packages (scripts/sample_media)")
            return
        audio = extract_audio(TALK, probe(TALK), Path(folder) / "talk.wav", lambda _: None)
        print(f"talk, {audio.duration_seconds:.0f} s, two speakers")
        report_diarization(audio, TALK.with_suffix(".rttm"))
        report_words(audio, json.loads(TALK.with_suffix(".truth.json").read_text())["turns"])


def pyannote_sample() -> Audio:
    """Return the labelled recording that pyannote.audio carries."""
    spec = find_spec("pyannote")
    if spec is None or spec.submodule_search_locations is None:
        raise SystemExit("pyannote.audio is not installed: run `make setup`.")
    path = Path(next(iter(spec.submodule_search_locations))) / "audio" / "sample" / "sample.wav"
    return Audio(path=path, sample_rate=SAMPLE_RATE, duration_seconds=30.0)


def report_diarization(audio: Audio, truth: Path) -> None:
    """Print the DER, without a collar and with overlaps, of both pipelines on the same weights."""
    reference = annotation(read_rttm(truth))
    ours = timed("  ours", lambda: our_turns(audio), audio)
    stock = timed("  stock pyannote", lambda: stock_turns(audio), audio)
    ours_rate, stock_rate = (error_rate(reference, annotation(turns)) for turns in (ours, stock))
    print(f"  DER: ours {ours_rate:.2%}, stock {stock_rate:.2%}")


def report_words(audio: Audio, truth: Sequence[dict[str, Any]]) -> None:
    """Print cpWER and tcpWER of the transcript by speakers."""
    words = transcribe(
        audio, model_dir=MODELS / "whisper-base", threads=THREADS, on_progress=lambda _: None
    ).words
    found = diarize(
        audio, model_dir=MODELS / "diarization", threads=THREADS, on_progress=lambda _: None
    )
    sentences = split_sentences(attribute(words, found))
    if find_spec("meeteval") is None:
        print("  cpWER: not measured, meeteval is not installed (see this script's first lines)")
        return
    import meeteval  # noqa: PLC0415 - not everyone has it

    reference = meeteval.io.SegLST(
        [segment(t["speaker"], t["start"], t["end"], t["text"]) for t in truth]
    )
    hypothesis = meeteval.io.SegLST([spoken(sentence) for sentence in sentences])
    cp = meeteval.wer.combine_error_rates(meeteval.wer.cpwer(reference, hypothesis))
    tcp = meeteval.wer.combine_error_rates(
        meeteval.wer.tcpwer(reference, hypothesis, collar=COLLAR_SECONDS)
    )
    print(f"  cpWER {cp.error_rate:.2%} ({cp.errors} of {cp.length} words)")
    print(f"  tcpWER {tcp.error_rate:.2%}, words within {COLLAR_SECONDS} s")


def spoken(sentence: Sentence) -> dict[str, Any]:
    """Return a sentence as meeteval takes it."""
    return segment(sentence.speaker, sentence.start_seconds, sentence.end_seconds, sentence.text)


def segment(speaker: str, start: float, end: float, text: str) -> dict[str, Any]:
    """Return a segment of the one session, its words normalized."""
    return {
        "session_id": "talk",
        "speaker": speaker,
        "start_time": start,
        "end_time": end,
        "words": normalized(text),
    }


Turns = list[tuple[float, float, str]]


def our_turns(audio: Audio) -> Turns:
    """Return what the diarization stage finds."""
    found = diarize(
        audio, model_dir=MODELS / "diarization", threads=THREADS, on_progress=lambda _: None
    )
    return [(turn.start_seconds, turn.end_seconds, turn.speaker) for turn in found.turns]


def stock_turns(audio: Audio) -> Turns:
    """Return what pyannote's own pipeline finds, with the same configuration and weights."""
    import soundfile  # noqa: PLC0415 - heavy
    import torch  # noqa: PLC0415
    import yaml  # noqa: PLC0415
    from pyannote.audio import Pipeline  # noqa: PLC0415
    from pyannote.audio.core.pipeline import expand_subfolders  # noqa: PLC0415

    from runtime.processor.models.campplus import load_campplus  # noqa: PLC0415

    folder = MODELS / "diarization"
    config = yaml.safe_load((folder / "config.yaml").read_text())
    expand_subfolders(config, str(folder))
    parameters = config["pipeline"]["params"]
    parameters["embedding"] = load_campplus(folder / parameters["embedding"]["campplus"])
    config["pipeline"]["name"] = "pyannote.audio.pipelines.SpeakerDiarization"
    samples, rate = soundfile.read(audio.path, dtype="float32")
    output = Pipeline.from_pretrained(config)(
        {"waveform": torch.from_numpy(samples)[None], "sample_rate": rate}
    )
    at = audio.starts_at_seconds
    return [
        (at + turn.start, at + turn.end, str(label))
        for turn, _, label in output.speaker_diarization.itertracks(yield_label=True)
    ]


def read_rttm(path: Path) -> Turns:
    """Read the turns of an RTTM file."""
    rows = (line.split() for line in path.read_text().splitlines())
    return [(float(row[3]), float(row[3]) + float(row[4]), row[7]) for row in rows]


def annotation(turns: Iterable[tuple[float, float, str]]) -> Any:
    """Return turns as pyannote's metrics take them."""
    from pyannote.core import Annotation, Segment  # noqa: PLC0415 - heavy

    made = Annotation()
    for number, (start, end, speaker) in enumerate(turns):
        made[Segment(start, end), number] = speaker
    return made


def error_rate(reference: Any, hypothesis: Any) -> float:
    """Return the DER without a collar, overlaps scored, over all that either of them covers."""
    from pyannote.core import Timeline  # noqa: PLC0415 - heavy
    from pyannote.metrics.diarization import DiarizationErrorRate  # noqa: PLC0415

    extent = reference.get_timeline().extent() | hypothesis.get_timeline().extent()
    metric = DiarizationErrorRate(collar=0.0, skip_overlap=False)
    return float(metric(reference, hypothesis, uem=Timeline([extent])))


def timed(name: str, work: Callable[[], Turns], audio: Audio) -> Turns:
    """Run the work, print its real-time factor."""
    began = time.perf_counter()
    turns = work()
    took = time.perf_counter() - began
    print(f"{name}: {len(turns)} turns, {took / audio.duration_seconds:.3f} x real time")
    return turns


if __name__ == "__main__":
    main()
