"""Writes who said what in a WAV, by WhisperX: `whisperx_words.py WAV CORES`, in its environment.

It gets the same weights, for Whisper and for speakers, and computes in the same number format. The
model that aligns its words is left out, so its segments have speakers and its words no times.
"""

import json
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
os.environ |= {"HF_HUB_OFFLINE": "1", "PYANNOTE_METRICS_ENABLED": "0"}

BATCH_SIZE = 8
"""As its command line has it."""


def main(wav: Path, cores: int) -> None:
    """Transcribe, then find speakers, as its command line does, and print."""
    import torch  # noqa: PLC0415 - only in WhisperX's environment
    import whisperx  # noqa: PLC0415
    from whisperx.diarize import DiarizationPipeline, assign_word_speakers  # noqa: PLC0415

    from benchmarks.versus.sound import read  # noqa: PLC0415
    from benchmarks.versus.stock import stock_pipeline  # noqa: PLC0415

    torch.set_num_threads(cores)
    samples = read(wav)
    models = (ROOT / ".lifestream" / "models").resolve()
    model = whisperx.load_model(
        str(models / "whisper-base"),
        device="cpu",
        compute_type="int8",
        threads=cores,
        local_files_only=True,
    )
    result = model.transcribe(samples, batch_size=BATCH_SIZE)
    # Its constructor loads from a hub only.
    diarization = DiarizationPipeline.__new__(DiarizationPipeline)
    diarization.model = stock_pipeline(models / "diarization")
    turns = diarization(samples)
    segments = assign_word_speakers(turns, result)["segments"]
    found = {
        "segments": [
            [s.get("speaker", "unknown"), s["start"], s["end"], s["text"]] for s in segments
        ],
        "turns": [[row.start, row.end, row.speaker] for row in turns.itertuples(index=False)],
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
