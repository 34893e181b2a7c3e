"""What does the upload hold? The first stage: rejects what no later stage could use."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from runtime.core.errors import Permanent
from runtime.core.media import AudioStream, MediaInfo, VideoStream
from runtime.processor.decoding import decoded_frames, open_media

if TYPE_CHECKING:
    from av.container import InputContainer

# Types of the boxes an MP4 or QuickTime file may start with (ISO/IEC 14496-12, QTFF).
_FIRST_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")


def probe(path: Path) -> MediaInfo:
    """Return the container's real tracks: those with at least one frame that decodes.

    Cover art is not a video track. Raises `Permanent`: `media.empty`, `media.not_a_video`,
    `media.truncated`, `media.no_streams`.
    """
    import av

    size = path.stat().st_size
    if size == 0:
        raise Permanent(
            "media.empty", f"{path.name} is empty (0 bytes).", "Upload the file again, complete."
        )
    try:
        container = open_media(path)
    except (av.error.FFmpegError, ValueError) as error:
        raise _unreadable(path) from error
    with container:
        declared = len(container.streams.video) + len(container.streams.audio)
        video, audio = _video(container, path), _audio(container, path)
        if video is None and audio is None:
            raise _nothing_to_decode(path, declared)
        claimed = container.duration
        return MediaInfo(
            container=container.format.name,
            duration_seconds=claimed / av.time_base if claimed and claimed > 0 else None,
            size_bytes=size,
            video=video,
            audio=audio,
        )


def _unreadable(path: Path) -> Permanent:
    with path.open("rb") as file:
        looks_like_mp4 = file.read(8)[4:] in _FIRST_BOXES
    if looks_like_mp4:
        return Permanent(
            "media.truncated",
            f"{path.name} begins like an MP4 or QuickTime file but its index is missing or broken, "
            "as in a recording or an upload that was cut off.",
            "Upload the complete file, or repair it (a remux with ffmpeg shows if that works).",
        )
    return Permanent(
        "media.not_a_video",
        f"{path.name} is not a video or audio file of a known kind.",
        "Upload an MP4 or QuickTime (.mov) file.",
    )


def _nothing_to_decode(path: Path, declared: int) -> Permanent:
    if declared == 0:
        return Permanent(
            "media.no_streams",
            f"{path.name} holds neither sound nor moving pictures.",
            "Upload a file with a video or an audio track.",
        )
    return Permanent(
        "media.truncated",
        f"{path.name} declares {declared} track(s), but not one frame of them can be decoded.",
        "Upload the complete file, encoded with a common codec such as H.264 and AAC.",
    )


def _video(container: "InputContainer", path: Path) -> VideoStream | None:
    import av

    pictures = [s for s in container.streams.video if s.codec_context is not None]
    shown = [s for s in pictures if not s.disposition & av.stream.Disposition.attached_pic]
    for stream in sorted(shown, key=_default_first):
        frame = _first_frame(path, stream.index)
        if frame is None:
            continue
        rate = stream.average_rate or stream.guessed_rate
        return VideoStream(
            index=stream.index,
            codec=stream.codec_context.name,
            width=frame.width,
            height=frame.height,
            frames_per_second=float(rate) if rate else None,
            # FFmpeg's display matrix turns counterclockwise, a person's idea of it clockwise.
            rotation_degrees=-frame.rotation % 360,
        )
    return None


def _audio(container: "InputContainer", path: Path) -> AudioStream | None:
    known = [s for s in container.streams.audio if s.codec_context is not None]
    for stream in sorted(known, key=_default_first):
        frame = _first_frame(path, stream.index)
        if frame is None:
            continue
        return AudioStream(
            index=stream.index,
            codec=stream.codec_context.name,
            sample_rate=frame.sample_rate,
            channels=frame.layout.nb_channels,
            language=stream.language if stream.language not in {None, "und"} else None,
        )
    return None


def _default_first(stream: Any) -> tuple[bool, int]:
    import av

    return (not stream.disposition & av.stream.Disposition.default, stream.index)


def _first_frame(path: Path, stream_index: int) -> Any:
    with open_media(path) as container:
        return next(decoded_frames(container, stream_index), None)
