"""The processor, with what its models answer remembered by the content they were asked about.

    python benchmarks/long/remembering.py FOLDER    (in place of `python -m runtime.processor`)

For `long_inputs.py --remember` alone: a recording that repeats itself need not be heard a hundred
times to see what its length does to everything else. Only the networks' answers are remembered:
where there is speech, Whisper's segments of it, and the windows of a block of diarization, in files
of FOLDER under the SHA-256 of the samples and of the options. Each process asks each network its
first question anyway, so that its memory counts; reading, cutting windows, keeping parts and
clustering happen as always.
"""

import hashlib
import json
import os
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from runtime.processor.composition import write_line  # noqa: E402
from runtime.processor.main import run  # noqa: E402

ALWAYS_ASKED = 1


class Memo:
    """Answers by question, in files of a folder; counts how many it was spared to compute."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._asked = 0
        self._spared = 0

    def answer(self, samples: Any, options: str, compute: Callable[[], Any]) -> Any:
        """Return the answer about these samples, computed if it is new or among the first."""
        self._asked += 1
        key = hashlib.sha256(options.encode() + b"\0" + samples.tobytes()).hexdigest()
        kept = self._folder / key
        if self._asked > ALWAYS_ASKED and kept.exists():
            self._spared += 1
            return pickle.loads(kept.read_bytes())  # noqa: S301 - we wrote it
        answer = compute()
        kept.write_bytes(pickle.dumps(answer))
        return answer

    @property
    def share(self) -> float:
        """The share of questions that were answered from memory."""
        return self._spared / self._asked if self._asked else 0.0


def remember_speech(memo: Memo) -> None:
    """Have the voice detector hear each stretch of samples once."""
    from faster_whisper import vad  # noqa: PLC0415 - as the processor: when used

    detect = vad.get_speech_timestamps

    def timestamps(samples: Any, **options: Any) -> Any:
        return memo.answer(samples, str(options), lambda: detect(samples, **options))

    vad.get_speech_timestamps = timestamps


def remember_words(memo: Memo) -> None:
    """Have Whisper decode each set of packs once."""
    import numpy as np  # noqa: PLC0415 - as the processor: when used

    from runtime.processor.models.whisper_batches import BatchDecoder  # noqa: PLC0415

    decode = BatchDecoder.decode

    def remembered(decoder: Any, packs: Any, on_share: Any) -> Any:
        languages = ",".join(pack.language for pack in packs)
        samples = np.concatenate([pack.samples for pack in packs])
        return memo.answer(samples, languages, lambda: decode(decoder, packs, on_share))

    BatchDecoder.decode = remembered  # type: ignore[assignment,method-assign]


def remember_windows(memo: Memo) -> None:
    """Have the networks of diarization see each block of windows once."""
    from runtime.processor.models import diarization  # noqa: PLC0415 - it loads torch
    from runtime.processor.models.diarization_windows import Grid, Recording  # noqa: PLC0415

    see = diarization.LeanSpeakerDiarization._block  # noqa: SLF001

    def block(pipeline: Any, grid: Grid, recording: Recording, first: int) -> Any:
        samples = recording.samples(*grid.samples_of_block(first))
        return memo.answer(samples, "", lambda: see(pipeline, grid, recording, first))

    vars(diarization)["LeanSpeakerDiarization"]._block = block  # noqa: SLF001


if __name__ == "__main__":
    os.environ["PYANNOTE_METRICS_ENABLED"] = "0"
    memos = {name: Memo(Path(sys.argv[1]) / name) for name in ("speech", "words", "windows")}
    remember_speech(memos["speech"])
    remember_words(memos["words"])
    remember_windows(memos["windows"])
    code = run(os.environ)
    shares = {name: round(memo.share, 4) for name, memo in memos.items()}
    write_line(json.dumps({"action": "remembered", "shares": shares}) + "\n")
    sys.exit(code)
