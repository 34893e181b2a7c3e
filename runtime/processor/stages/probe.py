"""Probes an upload: its tracks and length; rejects what no later stage could use."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer

from runtime.core.errors import Permanent
from runtime.core.media import AudioStream, MediaInfo, Upload, VideoStream
from runtime.processor.checkpoints.artifacts import StageOutput
from runtime.processor.media.boxes import is_protected
from runtime.processor.media.channels import has_varied_sound
from runtime.processor.media.containers import (
    continuous_seconds,
    has_unread_parts,
    open_media,
    origin_seconds,
    packets_of,
    part_seconds,
)
from runtime.processor.media.decoding import decoded_frames
from runtime.processor.media.display import orientation_of
from runtime.processor.media.limits import USUAL_LIMITS, MediaLimits
from runtime.processor.media.parts import parts_of
from runtime.results.warnings import (
    APPENDED,
    AUDIO_UNREADABLE,
    NO_SUCH_TRACK,
    OTHER_TRACKS,
    VIDEO_UNREADABLE,
    ResultWarning,
)

_PLAYLISTS = {
    b"#extm3u": "an M3U or HLS playlist",
    b"ffconcat": "a list of files to join",
    b"file ": "a list of files to join",
    b"[playlist]": "a PLS playlist",
    b"[reference]": "a list of addresses",
    b"<asx": "an ASX playlist",
    b"<smil": "a SMIL playlist",
    b"<mpd": "a DASH manifest",
    b"<smoothstreamingmedia": "a Smooth Streaming manifest",
    b"v=0": "a description of a stream (SDP)",
    b"rtsp://": "an address of a stream",
    b"http://": "an address",
    b"https://": "an address",
}
"""How files begin that only name other files or addresses, which are never opened."""

_HEAD_BYTES = 1024
# Types of the boxes an MP4 or QuickTime file may start with (ISO/IEC 14496-12, QTFF).
_FIRST_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")


DEFAULT_TRACK = "default"


def probe(path: Path) -> MediaInfo:
    """Probe a local file by the usual limits; see `probe_upload`."""
    return probe_upload(Upload(path=path, key=path.name)).value


def probe_upload(
    upload: Upload, *, limits: MediaLimits = USUAL_LIMITS, audio_track: str = DEFAULT_TRACK
) -> StageOutput[MediaInfo]:
    """Return the tracks with at least one frame that decodes.

    Cover art is not a video track. `audio_track` is a number from 1 or a language code; without
    such a track the default one is used, with a warning. Other tracks with sound, appended files
    that cannot be read and declared tracks of which nothing decodes give warnings too.

    Raises `Permanent`: `media.empty`, `media.not_a_video`, `media.truncated`, `media.no_streams`,
    `media.encrypted`, `media.unsupported_codec`, `media.too_long`, `media.resolution_too_high`.
    """
    path = upload.path
    size = path.stat().st_size
    if size == 0:
        raise Permanent(
            "media.empty", f"{upload.name} is empty (0 bytes).", "Upload the file again, complete."
        )
    try:
        container = open_media(path)
    except (av.error.FFmpegError, ValueError) as error:
        raise _unreadable(upload) from error
    with container:
        if is_protected(path):
            raise _encrypted(upload)
        claimed = _claimed_seconds(container, upload, limits)
        pictures, sounds = _pictures(container), list(container.streams.audio)
        wanted, problems = _ordered(sounds, audio_track)
        if audio_track == DEFAULT_TRACK and len(wanted) > 1:
            wanted = _audible_first(wanted, path)
            has_others = any(_is_varied(path, stream) for stream in wanted[1:])
            problems += [OTHER_TRACKS] if has_others else []
        video, audio = _video(pictures, upload, limits), _audio(wanted, path)
        if video is None and audio is None:
            if not container.streams:
                raise _unreadable(upload)
            raise _nothing_to_decode(upload, [*pictures, *sounds])
        problems += [VIDEO_UNREADABLE] if pictures and video is None else []
        problems += [AUDIO_UNREADABLE] if sounds and audio is None else []
        problems += [APPENDED] if has_unread_parts(container) else []
        info = MediaInfo(
            container=container.format.name,
            duration_seconds=claimed,
            size_bytes=size,
            video=video,
            audio=audio,
        )
        return StageOutput(value=info, warnings=tuple(problems))


def _unreadable(upload: Upload) -> Permanent:
    with upload.path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    text = re.sub(
        rb"<\?xml.*?\?>|<!--.*?-->", b"", head.lstrip(b"\xef\xbb\xbf \t\r\n"), flags=re.DOTALL
    )
    text = text.lstrip().lower()
    playlist = next((what for start, what in _PLAYLISTS.items() if text.startswith(start)), None)
    if playlist is not None:
        return Permanent(
            "media.playlist",
            f"{upload.name} is {playlist}: it names a recording but does not hold one.",
            "Upload the recording itself.",
        )
    if head[4:8] in _FIRST_BOXES:
        return Permanent(
            "media.truncated",
            f"{upload.name} begins like an MP4 or QuickTime file but its index is missing or "
            "broken, as in a recording or an upload that was cut off.",
            "Upload the complete file, or repair it (a remux with ffmpeg shows if that works).",
        )
    return Permanent(
        "media.not_a_video",
        f"{upload.name} is not a video or audio file of a known kind.",
        "Upload a video or audio file such as MP4, MOV, MKV, WebM, AVI, MP3, M4A or WAV.",
    )


def _encrypted(upload: Upload) -> Permanent:
    return Permanent(
        "media.encrypted",
        f"{upload.name} is encrypted (DRM): its tracks can only be decoded with a key.",
        "Upload a copy without copy protection.",
    )


def _claimed_seconds(
    container: InputContainer, upload: Upload, limits: MediaLimits
) -> float | None:
    """Return the container's claimed length, None without a credible one.

    Raises `Permanent` `media.too_long` where a packet lies beyond the limit.
    """
    if len(parts := parts_of(upload.path)) > 1:
        together = sum(map(part_seconds, parts))
        if together > limits.max_seconds:
            raise limits.too_long(upload.name)
        return together
    is_guessed = container.format.name == "aac"  # by the bit rate of the first frames
    if is_guessed or not container.duration or container.duration < 0:
        return None
    claimed: float = container.duration / av.time_base
    if "mp4" in container.format.name.split(","):
        claimed -= origin_seconds(container)
    with open_media(upload.path) as another:
        # FFmpeg takes the last timestamp for the length, and so jumps of the clock for time.
        counted = continuous_seconds(another)
        if counted is not None:
            if counted > limits.max_seconds:
                raise limits.too_long(upload.name)
            return counted
    if claimed <= limits.max_seconds:
        return claimed
    with open_media(upload.path) as another:
        origin = origin_seconds(another)
        for packet in packets_of(another):
            at = packet.pts if packet.pts is not None else packet.dts
            if at is not None and at * packet.time_base - origin > limits.max_seconds:
                raise limits.too_long(upload.name)
    return None


def _nothing_to_decode(upload: Upload, declared: Sequence[Any]) -> Permanent:
    if not declared:
        return Permanent(
            "media.no_streams",
            f"{upload.name} holds neither sound nor moving pictures.",
            "Upload a file with a video or an audio track.",
        )
    if all(stream.codec_context is None for stream in declared):
        return Permanent(
            "media.unsupported_codec",
            f"The tracks of {upload.name} are in codecs that cannot be decoded here.",
            "Re-encode the file with a common codec, such as H.264 and AAC, and upload that.",
        )
    return Permanent(
        "media.truncated",
        f"{upload.name} declares {len(declared)} track(s), but not one frame of them can be "
        "decoded.",
        "Upload the complete file, encoded with a common codec such as H.264 and AAC.",
    )


def _pictures(container: InputContainer) -> list[Any]:
    cover = av.stream.Disposition.attached_pic
    shown = [s for s in container.streams.video if not s.disposition & cover]
    return sorted(shown, key=_default_first)


def _ordered(sounds: Sequence[Any], audio_track: str) -> tuple[list[Any], list[ResultWarning]]:
    """Return the audio tracks, the chosen one first, and the warning if there is no such track."""
    usual = sorted(sounds, key=_default_first)
    if audio_track == DEFAULT_TRACK:
        return usual, []
    if audio_track.isdigit():
        chosen = list(sounds)[int(audio_track) - 1 : int(audio_track)]
    else:
        chosen = [s for s in usual if (s.language or "").lower() == audio_track.lower()]
    if not chosen:
        return usual, [NO_SUCH_TRACK] if sounds else []
    return [*chosen, *(s for s in usual if s not in chosen)], []


def _audible_first(sounds: Sequence[Any], path: Path) -> list[Any]:
    """Return the tracks with the first one first that varies as speech does.

    A default track that is silent, or has noise or timecode alone, gives way.
    """
    varied = next((stream for stream in sounds if _is_varied(path, stream)), None)
    if varied is None:
        return list(sounds)
    return [varied, *(stream for stream in sounds if stream is not varied)]


def _is_varied(path: Path, stream: Any) -> bool:
    if stream.codec_context is None:
        return False
    with open_media(path) as container:
        return has_varied_sound(decoded_frames(container, stream.index))


def _video(pictures: Sequence[Any], upload: Upload, limits: MediaLimits) -> VideoStream | None:
    for stream in pictures:
        if stream.codec_context is None:
            continue
        limits.check_picture(upload.name, stream.codec_context.width, stream.codec_context.height)
        frame = _first_frame(upload.path, stream.index)
        if frame is None:
            continue
        limits.check_picture(upload.name, frame.width, frame.height)
        rate = stream.average_rate or stream.guessed_rate
        rotation, is_mirrored = orientation_of(frame)
        return VideoStream(
            index=stream.index,
            codec=stream.codec_context.name,
            width=frame.width,
            height=frame.height,
            frames_per_second=float(rate) if rate else None,
            rotation_degrees=rotation,
            is_mirrored=is_mirrored,
        )
    return None


def _audio(sounds: Sequence[Any], path: Path) -> AudioStream | None:
    for stream in sounds:
        if stream.codec_context is None:
            continue
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
    return (not stream.disposition & av.stream.Disposition.default, stream.index)


def _first_frame(path: Path, stream_index: int) -> Any:
    with open_media(path) as container:
        return next(decoded_frames(container, stream_index), None)
