from pathlib import Path

import cv2
import numpy as np

from runtime.processor.media.motion_photo import extract_motion_video
from runtime.processor.stages.probe import probe
from tests.unit.processor.stages.filming import film


def photo() -> bytes:
    _, content = cv2.imencode(".jpg", np.zeros((300, 400, 3), np.uint8))
    return content.tobytes()


def test_should_keep_the_video_of_a_motion_photo(tmp_path: Path) -> None:
    video = film(tmp_path / "clip.mp4").read_bytes()
    path = tmp_path / "PXL_0001.MP.jpg"
    path.write_bytes(photo() + video)
    assert extract_motion_video(path)
    assert path.read_bytes() == video
    assert probe(path).video is not None


def test_should_leave_other_files_alone(tmp_path: Path) -> None:
    for name, content in (
        ("photo.jpg", photo()),
        ("clip.mp4", film(tmp_path / "c.mp4").read_bytes()),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        assert not extract_motion_video(path)
        assert path.read_bytes() == content
