"""Makes a thumbnail of each scene and a contact sheet of all, as a player shows them."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from av.container import InputContainer

from runtime.core.contract import ResultFile, thumbnail_name
from runtime.core.media import MediaInfo, Scene, VideoStream
from runtime.core.ports import Progress
from runtime.processor.checkpoints.increments import NO_INCREMENTS, Increments
from runtime.processor.media.containers import open_media, origin_seconds
from runtime.processor.media.decoding import frames_from
from runtime.processor.media.frame_samples import (
    Thumbnailer,
    is_within,
    pack_samples,
    sample_path,
    unpack_samples,
)
from runtime.processor.media.frames import pixel_aspect
from runtime.processor.stages.contact_sheet import ContactSheet

UNIT_SCENES = 50
# Up to this distance decoding on is cheaper than seeking to a keyframe.
_SEEK_FROM_SECONDS = 5.0
# MPEG-TS seeks to the keyframe after the one asked for, so earlier ones are asked for.
_EARLIER_SECONDS = (0.0, 12.0, 60.0)


def make_thumbnails(
    media: Path,
    info: MediaInfo,
    scenes: tuple[Scene, ...],
    folder: Path,
    on_progress: Progress,
    increments: Increments = NO_INCREMENTS,
    *,
    samples: Path | None = None,
) -> None:
    """Write `thumbnails/scene-0001.webp`, ... and `contact-sheet.jpg` into `folder`.

    Each is the frame in the middle of its scene, rotated as displayed, with square pixels, its
    longer side 320; where scene detection left a sample of the scene in `samples`, it is that. A
    scene of which nothing decodes has no thumbnail; without any thumbnail there is no sheet. One
    frame is in memory at a time. The thumbnails of 50 scenes are a unit of `increments`.
    """
    if info.video is None:
        return
    sheet, finished = ContactSheet(scenes), iter(increments.done)
    with open_media(media) as container:
        seeker = _FrameSeeker(container, info.video)
        for unit in (scenes[at : at + UNIT_SCENES] for at in range(0, len(scenes), UNIT_SCENES)):
            if (done := next(finished, None)) is not None:
                thumbnails = dict(unpack_samples(done))
            else:
                thumbnails = _thumbnails(
                    unit, seeker, samples, lambda index: on_progress(index / len(scenes))
                )
                increments.add(pack_samples(list(thumbnails.items())))
            for scene in (scene for scene in unit if scene.index in thumbnails):
                path = folder / thumbnail_name(scene.index)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(thumbnails[scene.index])
                sheet.add(scene, thumbnails[scene.index])
    if (content := sheet.jpeg()) is not None:
        (folder / ResultFile.CONTACT_SHEET).write_bytes(content)
    on_progress(1.0)


def _thumbnails(
    scenes: Sequence[Scene],
    seeker: "_FrameSeeker",
    samples: Path | None,
    on_scene: Callable[[int], None],
) -> dict[int, bytes]:
    """Return the WebP of each scene that has a frame."""
    found, is_first = {}, True
    for scene in scenes:
        content: bytes | None
        if samples is not None and sample_path(samples, scene).is_file():
            content = sample_path(samples, scene).read_bytes()
        else:
            content, is_first = seeker.thumbnail(scene, seek=is_first), False
        if content is not None:
            found[scene.index] = content
        on_scene(scene.index)
    return found


class _FrameSeeker:
    """Finds frames by presentation time, in ascending order."""

    def __init__(self, container: InputContainer, video: VideoStream) -> None:
        self._container = container
        self._video = video
        self._origin = origin_seconds(container)
        self._thumbnailer = Thumbnailer(pixel_aspect=pixel_aspect(container, video), video=video)
        self._frames: Iterator[Any] = iter(())
        self._current: Any = None
        self._following: Any = None

    def thumbnail(self, scene: Scene, *, seek: bool) -> bytes | None:
        """Return the WebP of a scene's middle, None without a frame there.

        With `seek`, whatever was decoded before.
        """
        wanted = self._origin + (scene.start_seconds + scene.end_seconds) / 2
        following = self._following
        if seek or following is None or wanted - following.time > _SEEK_FROM_SECONDS:
            self._seek(wanted)
        while self._following is not None and (
            self._current is None or self._following.time <= wanted
        ):
            self._current, self._following = self._following, next(self._frames, None)
        if self._current is None or not is_within(scene, self._current.time - self._origin):
            return None
        return self._thumbnailer.webp(self._current)

    def _seek(self, wanted: float) -> None:
        self._current = None
        for earlier in _EARLIER_SECONDS:
            sought = max(self._origin, wanted - earlier)
            found = frames_from(self._container, self._video.index, sought)
            self._frames = (frame for frame in found if frame.pts is not None)
            self._following = next(self._frames, None)
            if self._following is not None and self._following.time <= wanted:
                return
