"""A small picture of each scene and all of them on one sheet, as a player would show them."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runtime.core.contract import ResultFile, thumbnail_name
from runtime.core.media import MediaInfo, Scene, VideoStream
from runtime.core.ports import Progress
from runtime.processor.decoding import frames_from, open_media, origin_seconds
from runtime.processor.stages.contact_sheet import ContactSheet

if TYPE_CHECKING:
    import numpy as np
    from av import VideoFrame
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]

LONGER_SIDE = 320
_WEBP_QUALITY = 75
# Decoding on is cheaper than seeking to a keyframe and decoding from there, up to about this far.
_SEEK_FROM_SECONDS = 5.0


def make_thumbnails(
    media: Path, info: MediaInfo, scenes: Sequence[Scene], folder: Path, on_progress: Progress
) -> None:
    """Write `thumbnails/scene-0001.webp`, ... and `contact-sheet.jpg` into `folder`.

    Each is the frame shown in the middle of its scene, turned as it is displayed, with square
    pixels, its longer side 320. A scene of which nothing can be decoded has no picture; without
    any picture there is no sheet. One frame is in memory at a time.
    """
    if info.video is None:
        return
    sheet = ContactSheet(scenes)
    for done, (scene, picture) in enumerate(_pictures(media, info.video, scenes), start=1):
        path = folder / thumbnail_name(scene.index)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_webp(picture))
        sheet.add(scene, picture)
        on_progress(done / len(scenes))
    if (content := sheet.jpeg()) is not None:
        (folder / ResultFile.CONTACT_SHEET).write_bytes(content)
    on_progress(1.0)


def _pictures(
    media: Path, video: VideoStream, scenes: Sequence[Scene]
) -> "Iterator[tuple[Scene, Picture]]":
    with open_media(media) as container:
        origin = origin_seconds(container)
        # Of a pixel as it is displayed, width to height; unknown means square.
        track: Any = container.streams[video.index]
        aspect = float(track.sample_aspect_ratio or 1)
        frames: Iterator[Any] = iter(())
        shown: Any = None
        following: Any = None
        for scene in scenes:
            wanted = origin + (scene.start_seconds + scene.end_seconds) / 2
            if following is None or wanted - following.time > _SEEK_FROM_SECONDS:
                frames = _timed(frames_from(container, video.index, wanted))
                shown, following = None, next(frames, None)
            while following is not None and (shown is None or following.time <= wanted):
                shown, following = following, next(frames, None)
            if shown is not None and _is_of(scene, shown.time - origin):
                yield scene, _small(shown, aspect, video.rotation_degrees)


def _is_of(scene: Scene, at_seconds: float) -> bool:
    """Tell whether a frame belongs to a scene, whose times are rounded to milliseconds."""
    return scene.start_seconds - 0.001 <= at_seconds < scene.end_seconds


def _timed(frames: Iterator[Any]) -> Iterator[Any]:
    return (frame for frame in frames if frame.pts is not None)


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
