"""What diarization's own ways save, against pyannote's and torch's, each in one run and in turns.

    .venv/bin/python benchmarks/diarization.py

Prints seconds of processor time and of the clock for the sample's windows: with the speaker network
as published and folded (`campplus_folded.py`), and with segmentation's batches one after another on
all cores and abreast on one core each.
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ["OMP_WAIT_POLICY"] = "PASSIVE"  # as in the image, before any library reads it

import numpy as np  # noqa: E402
import torch  # noqa: E402

from benchmarks.measuring.speech import MODELS, sound_of  # noqa: E402
from local.toolchain import MEDIA  # noqa: E402
from runtime.core.media import SAMPLE_RATE  # noqa: E402
from runtime.processor.models.campplus import CampPlus  # noqa: E402
from runtime.processor.models.diarization import load_diarization  # noqa: E402
from runtime.processor.models.diarization_windows import BLOCK_WINDOWS, Recording  # noqa: E402

ROUNDS = 3
WEIGHTS = Path("embedding") / "campplus_cn_en_common.pt"


def main() -> None:
    """Measure and print."""
    folder = MODELS / "diarization"
    pipeline: Any = load_diarization(folder)
    published = CampPlus().eval()
    published.load_state_dict(torch.load(folder / WEIGHTS, weights_only=True))
    waveform = sound()
    file = {"waveform": waveform, "sample_rate": SAMPLE_RATE, "uri": "sample"}
    model = pipeline._embedding.model_  # noqa: SLF001 - what is measured
    folded, inference = model.network, pipeline._segmentation  # noqa: SLF001

    def voices(network: torch.nn.Module) -> Any:
        model.network = network
        return pipeline.get_embeddings(file, seen, exclude_overlap=True)

    def activity() -> Any:
        return pipeline._activity(waveform, SAMPLE_RATE)  # noqa: SLF001

    seen = activity()
    for threads in (1, 2):
        torch.set_num_threads(threads)
        print(f"{waveform.shape[1] / SAMPLE_RATE:.0f} s of sound, {threads} threads")
        compare(
            {
                "voices, network as published": lambda: voices(published),
                "voices, network folded": lambda: voices(folded),
            }
        )
        compare(
            {
                "activity, one batch after another": lambda: (
                    inference.slide(waveform, SAMPLE_RATE, hook=None).data
                ),
                "activity, batches abreast": lambda: activity().data,
            }
        )


def sound() -> torch.Tensor:
    """Return the sample's sound, as much of it as one block of windows sees."""
    with sound_of(MEDIA / "sample.mp4") as audio:
        samples = Recording(audio.path).samples(0, (BLOCK_WINDOWS + 9) * SAMPLE_RATE)
        return torch.from_numpy(samples)[None]


def compare(ways: dict[str, Callable[[], Any]]) -> None:
    """Print the least that each way took, its ratio to the first, and how far results differ."""
    least = dict.fromkeys(ways, (float("inf"), float("inf")))
    results: dict[str, Any] = {}
    for _ in range(ROUNDS):
        for name, work in ways.items():
            clock, processor = time.perf_counter(), time.process_time()
            results[name] = work()
            took = time.perf_counter() - clock, time.process_time() - processor
            least[name] = min(least[name][0], took[0]), min(least[name][1], took[1])
    first = next(iter(ways))
    for name, (clock, processor) in least.items():
        apart = np.nanmax(np.abs(results[name] - results[first]))
        print(
            f"  {name:36} {clock:6.2f} s, {processor:6.2f} s of processors, "
            f"{least[first][0] / clock:.2f} times as fast, differs by {apart:.1e}"
        )


if __name__ == "__main__":
    main()
