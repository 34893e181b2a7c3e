"""A small picture of each scene and all of them on one sheet, as a player would show them."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runtime.core.contract import ResultFile, thumbnail_name
from runtime.core.media import MediaInfo, Scene, VideoStream
from runtime.core.ports import Progress
from runtime.processor.checkpoints.increments import NoParts, Parts
from runtime.processor.media.decoding import frames_from, open_media, origin_seconds
from runtime.processor.stages.contact_sheet import ContactSheet

if TYPE_CHECKING:
    import numpy as np
    from av import VideoFrame
    from av.container import InputContainer
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]

LONGER_SIDE = 320
UNIT_SCENES = 50
_WEBP_QUALITY = 75
# Decoding on is cheaper than seeking to a keyframe and decoding from there, up to about this far.
_SEEK_FROM_SECONDS = 5.0
# MPEG-TS leads to the keyframe after what was sought, so it is sought so much earlier.
_EARLIER_SECONDS = (0.0, 12.0, 60.0)
NOTHING_DONE = NoParts()


def make_thumbnails(
    media: Path,
    info: MediaInfo,
    scenes: Sequence[Scene],
    folder: Path,
    on_progress: Progress,
    parts: Parts = NOTHING_DONE,
) -> None:
    """Write `thumbnails/scene-0001.webp`, ... and `contact-sheet.jpg` into `folder`.

    Each is the frame shown in the middle of its scene, turned as it is displayed, with square
    pixels, its longer side 320. A scene of which nothing can be decoded has no picture; without
    any picture there is no sheet. One frame is in memory at a time. The pictures of 50 scenes are a
    unit of `parts`.
    """
    if info.video is None:
        return
    sheet, kept = ContactSheet(scenes), iter(parts.done)
    with open_media(media) as container:
        film = _Film(container, info.video, lambda index: on_progress(index / len(scenes)))
        for unit in (scenes[at : at + UNIT_SCENES] for at in range(0, len(scenes), UNIT_SCENES)):
            if (done := next(kept, None)) is not None:
                pictures = _unpacked(done)
            else:
                pictures = film.pictures(unit)
                parts.add(_packed(pictures))
            for scene in (scene for scene in unit if scene.index in pictures):
                path = folder / thumbnail_name(scene.index)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(pictures[scene.index])
                sheet.add(scene, pictures[scene.index])
    if (content := sheet.jpeg()) is not None:
        (folder / ResultFile.CONTACT_SHEET).write_bytes(content)
    on_progress(1.0)


class _Film:
    """Finds frames by time, in their order."""

    def __init__(
        self, container: "InputContainer", video: VideoStream, on_scene: Callable[[int], None]
    ) -> None:
        self._container = container
        self._on_scene = on_scene
        self._video = video
        self._origin = origin_seconds(container)
        # Of a pixel as it is displayed, width to height; unknown means square.
        track: Any = container.streams[video.index]
        self._aspect = float(track.sample_aspect_ratio or 1)
        self._frames: Iterator[Any] = iter(())
        self._shown: Any = None
        self._following: Any = None

    def pictures(self, scenes: Sequence[Scene]) -> dict[int, bytes]:
        """Return the WebPs of scenes that have one; the first is found whatever came before."""
        found = {}
        for scene in scenes:
            if (shown := self._middle_of(scene, anew=scene is scenes[0])) is not None:
                found[scene.index] = _webp(shown)
            self._on_scene(scene.index)
        return found

    def _middle_of(self, scene: Scene, *, anew: bool) -> "Picture | None":
        wanted = self._origin + (scene.start_seconds + scene.end_seconds) / 2
        following = self._following
        if anew or following is None or wanted - following.time > _SEEK_FROM_SECONDS:
            self._seek(wanted)
        while self._following is not None and (
            self._shown is None or self._following.time <= wanted
        ):
            self._shown, self._following = self._following, next(self._frames, None)
        if self._shown is None or not _is_of(scene, self._shown.time - self._origin):
            return None
        return _small(self._shown, self._aspect, self._video.rotation_degrees)

    def _seek(self, wanted: float) -> None:
        self._shown = None
        for earlier in _EARLIER_SECONDS:
            sought = max(self._origin, wanted - earlier)
            found = frames_from(self._container, self._video.index, sought)
            self._frames = (frame for frame in found if frame.pts is not None)
            self._following = next(self._frames, None)
            if self._following is not None and self._following.time <= wanted:
                return


def _packed(pictures: Mapping[int, bytes]) -> bytes:
    """Return pictures as a unit: a line of their scenes and sizes, then all their bytes."""
    sizes = [(index, len(picture)) for index, picture in pictures.items()]
    return json.dumps(sizes).encode() + b"\n" + b"".join(pictures.values())


def _unpacked(unit: bytes) -> dict[int, bytes]:
    sizes, _, content = unit.partition(b"\n")
    pictures, at = {}, 0
    for index, size in json.loads(sizes):
        pictures[int(index)] = content[at : at + size]
        at += size
    return pictures


def _is_of(scene: Scene, at_seconds: float) -> bool:
    """Tell whether a frame belongs to a scene, whose times are rounded to milliseconds."""
    return scene.start_seconds - 0.001 <= at_seconds < scene.end_seconds


def _small(frame: "VideoFrame", aspect: float, rotation_degrees: int) -> "Picture":
    """Return the frame as displayed, blue first, at thumbnail size."""
    import numpy as np

    stretched = frame.width * aspect
    scale = min(1.0, LONGER_SIDE / max(stretched, frame.height))
    small: Any = frame.reformat(
        width=max(2, round(stretched * scale)),
        height=max(2, round(frame.height * scale)),
        format="bgr24",
        interpolation="AREA",
    ).to_ndarray()
    return np.ascontiguousarray(np.rot90(small, -rotation_degrees // 90))


def _webp(picture: "Picture") -> bytes:
    import cv2

    _, content = cv2.imencode(".webp", picture, [cv2.IMWRITE_WEBP_QUALITY, _WEBP_QUALITY])
    return content.tobytes()
