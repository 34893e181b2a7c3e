"""What a diarization model's folder holds where its networks were exported."""

from pathlib import Path

EXPORTED = "onnx"
"""The folder in it."""
SEGMENTATION, VOICES = "segmentation.onnx", "voices.onnx"
PROJECTION, DESCRIPTION = "projection.npy", "networks.json"


def has_exported_networks(model_dir: Path) -> bool:
    """Return whether a diarization model can be computed without torch."""
    return (model_dir / EXPORTED / DESCRIPTION).is_file()
