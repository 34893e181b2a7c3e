"""Processor time of scenes with their pictures, and their cuts beside the truth.

    .venv/bin/python benchmarks/scenes.py [VIDEO]

The talk by default, whose cuts are known. Ends with one JSON line: `media_seconds`, `cpu_seconds`
of the stage, `scenes`, `pictures` and a digest of them, and with a truth `cuts_found`,
`cuts_missed` and `false_cuts`.
"""

import argparse
import hashlib
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.measuring.processes import cpu_seconds  # noqa: E402 - run by path
from local.toolchain import MEDIA  # noqa: E402
from runtime.processor.stages.probe import probe  # noqa: E402
from runtime.processor.stages.scenes import detect_scenes  # noqa: E402
from runtime.processor.stages.thumbnails import make_thumbnails  # noqa: E402
from scripts.verification.scoring import missed_and_false_cuts  # noqa: E402

NEAR_SECONDS = 0.1


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("video", type=Path, nargs="?", default=MEDIA / "talk.mp4")
    print(json.dumps(measure(parser.parse_args().video)))


def measure(video: Path) -> dict[str, Any]:
    """Return the figures of one video."""
    info = probe(video)
    with tempfile.TemporaryDirectory() as folder:
        samples, pictures = Path(folder) / "samples", Path(folder) / "pictures"
        samples.mkdir()
        pictures.mkdir()
        began = cpu_seconds()
        scenes = detect_scenes(video, info, lambda _: None, samples_into=samples)
        make_thumbnails(video, info, scenes, pictures, lambda _: None, samples=samples)
        used = cpu_seconds() - began
        digest = hashlib.sha256(repr(scenes).encode())
        made = sorted(path for path in pictures.rglob("*") if path.is_file())
        for picture in made:
            digest.update(picture.read_bytes())
    figures: dict[str, Any] = {
        "video": video.name,
        "media_seconds": info.duration_seconds,
        "cpu_seconds": round(used, 2),
        "scenes": len(scenes),
        "pictures": len(made),
        "sha256": digest.hexdigest(),
    }
    truth = video.with_suffix(".truth.json")
    if truth.exists():
        cuts = json.loads(truth.read_text())["cuts"]
        starts = [{"start_seconds": scene.start_seconds} for scene in scenes]
        missed, false = missed_and_false_cuts(cuts, starts, NEAR_SECONDS)
        figures |= {
            "cuts_found": len(cuts) - len(missed),
            "cuts_missed": len(missed),
            "false_cuts": len(false),
        }
    return figures


if __name__ == "__main__":
    main()
