"""Pyannote's own pipeline with this project's configuration and weights, in any environment."""

from pathlib import Path
from typing import Any


def stock_pipeline(folder: Path) -> Any:
    """Return the pipeline of a folder of models."""
    import yaml  # noqa: PLC0415 - heavy, as the others
    from pyannote.audio import Pipeline  # noqa: PLC0415
    from pyannote.audio.core.pipeline import expand_subfolders  # noqa: PLC0415

    from runtime.processor.models.campplus import load_campplus  # noqa: PLC0415

    config = yaml.safe_load((folder / "config.yaml").read_text())
    expand_subfolders(config, str(folder))
    parameters = config["pipeline"]["params"]
    parameters["embedding"] = load_campplus(folder / parameters["embedding"]["campplus"])
    config["pipeline"]["name"] = "pyannote.audio.pipelines.SpeakerDiarization"
    return Pipeline.from_pretrained(config)
