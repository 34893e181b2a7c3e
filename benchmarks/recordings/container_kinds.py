"""Containers and codecs that people have, each with speech, and names of files."""

import struct
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.recordings import sounds as s
from benchmarks.recordings.kinds import Check, Variant, cut_at, lasts, lost_nothing, says
from scripts.labelled_speech.prompts import SAMPLE_RATE
from scripts.sample_media.ffmpeg import ffmpeg

H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
_NARROW = ("-ar", 8000, "-ac", 1)

SOUND_FORMS: dict[str, tuple[object, ...]] = {
    "MP3": ("-c:a", "libmp3lame", "-f", "mp3"),
    "M4A, AAC": ("-c:a", "aac", "-f", "ipod"),
    "M4A, ALAC": ("-c:a", "alac", "-f", "ipod"),
    "M4A, AAC, 22 kHz": ("-ar", 22_050, "-c:a", "aac", "-f", "ipod"),
    "AAC (ADTS)": ("-c:a", "aac", "-f", "adts"),
    "WAV, 16 bits": ("-c:a", "pcm_s16le", "-f", "wav"),
    "WAV, 8 bits": ("-c:a", "pcm_u8", "-f", "wav"),
    "WAV, 24 bits, 96 kHz": ("-ar", 96_000, "-c:a", "pcm_s24le", "-f", "wav"),
    "WAV, float": ("-c:a", "pcm_f32le", "-f", "wav"),
    "WAV, double": ("-c:a", "pcm_f64le", "-f", "wav"),
    "WAV, mu-law": (*_NARROW, "-c:a", "pcm_mulaw", "-f", "wav"),
    "WAV, A-law": (*_NARROW, "-c:a", "pcm_alaw", "-f", "wav"),
    "WAV, IMA ADPCM": ("-c:a", "adpcm_ima_wav", "-f", "wav"),
    "WAV, MS ADPCM": ("-c:a", "adpcm_ms", "-f", "wav"),
    "RF64": ("-c:a", "pcm_s16le", "-rf64", "always", "-f", "wav"),
    "Wave64": ("-c:a", "pcm_s16le", "-f", "w64"),
    "AIFF": ("-c:a", "pcm_s16be", "-f", "aiff"),
    "AIFF-C, float": ("-c:a", "pcm_f32be", "-f", "aiff"),
    "AU, mu-law": (*_NARROW, "-c:a", "pcm_mulaw", "-f", "au"),
    "FLAC, 24 bits": ("-sample_fmt", "s32", "-c:a", "flac", "-f", "flac"),
    "OGG, Opus, 16 kbit/s": ("-c:a", "libopus", "-b:a", "16k", "-f", "ogg"),
    "OGG, Vorbis": ("-c:a", "libvorbis", "-f", "ogg"),
    "OGG, FLAC": ("-c:a", "flac", "-f", "ogg"),
    "WebM, Opus": ("-c:a", "libopus", "-f", "webm"),
    "MKA, AC-3": ("-c:a", "ac3", "-f", "matroska"),
    "AMR-NB": (*_NARROW, "-c:a", "libopencore_amrnb", "-f", "amr"),
    "3GP, AMR-NB": (*_NARROW, "-c:a", "libopencore_amrnb", "-f", "3gp"),
    "AC-3": ("-c:a", "ac3", "-f", "ac3"),
    "E-AC-3": ("-c:a", "eac3", "-f", "eac3"),
    "WMA": ("-c:a", "wmav2", "-f", "asf"),
    "CAF, ALAC": ("-c:a", "alac", "-f", "caf"),
    "CAF, PCM": ("-c:a", "pcm_s16le", "-f", "caf"),
    "MP2": ("-c:a", "mp2", "-f", "mp2"),
}

PICTURE_FORMS: dict[str, tuple[object, ...]] = {
    "MP4, H.264, AAC": (*H264, "-c:a", "aac", "-f", "mp4"),
    "MP4, H.265, AAC": ("-c:v", "libx265", "-preset", "ultrafast", "-c:a", "aac", "-f", "mp4"),
    "MP4, AV1, Opus": ("-c:v", "libsvtav1", "-preset", 12, "-c:a", "libopus", "-f", "mp4"),
    "MP4, MPEG-4, MP3": ("-c:v", "mpeg4", "-c:a", "libmp3lame", "-f", "mp4"),
    "MOV, H.264, PCM": (*H264, "-c:a", "pcm_s16be", "-f", "mov"),
    "MOV, ProRes, 24 bits": ("-c:v", "prores_ks", "-c:a", "pcm_s24le", "-f", "mov"),
    "MOV, MJPEG, mu-law": ("-c:v", "mjpeg", *_NARROW, "-c:a", "pcm_mulaw", "-f", "mov"),
    "MKV, H.264, FLAC": (*H264, "-c:a", "flac", "-f", "matroska"),
    "MKV, FFV1, PCM": ("-c:v", "ffv1", "-c:a", "pcm_s16le", "-f", "matroska"),
    "WebM, VP8, Vorbis": (
        "-c:v",
        "libvpx",
        "-deadline",
        "realtime",
        "-c:a",
        "libvorbis",
        "-f",
        "webm",
    ),
    "WebM, VP9, Opus": (
        "-c:v",
        "libvpx-vp9",
        "-deadline",
        "realtime",
        "-c:a",
        "libopus",
        "-f",
        "webm",
    ),
    "AVI, MPEG-4, MP3": ("-c:v", "mpeg4", "-c:a", "libmp3lame", "-f", "avi"),
    "AVI, MJPEG, PCM": ("-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-c:a", "pcm_s16le", "-f", "avi"),
    "MPEG-TS, H.264, AAC": (*H264, "-c:a", "aac", "-f", "mpegts"),
    "MPEG-TS, MPEG-2, MP2": ("-c:v", "mpeg2video", "-c:a", "mp2", "-f", "mpegts"),
    "M2TS, H.264, AC-3": (*H264, "-c:a", "ac3", "-f", "mpegts", "-mpegts_m2ts_mode", 1),
    "MPEG-PS, MPEG-2, AC-3": ("-c:v", "mpeg2video", "-c:a", "ac3", "-f", "vob"),
    "MPEG-PS, MPEG-1, MP2": ("-c:v", "mpeg1video", "-c:a", "mp2", "-f", "mpeg"),
    "FLV, H.264, AAC": (*H264, "-c:a", "aac", "-f", "flv"),
    "FLV, Sorenson, MP3": ("-c:v", "flv", "-ar", 22_050, "-c:a", "libmp3lame", "-f", "flv"),
    "3GP, H.263, AMR-NB": (
        "-c:v",
        "h263",
        "-s",
        "176x144",
        *_NARROW,
        "-c:a",
        "libopencore_amrnb",
        "-f",
        "3gp",
    ),
    "WMV, WMV2, WMA": ("-c:v", "wmv2", "-c:a", "wmav2", "-f", "asf"),
    "OGV, Theora, Vorbis": ("-c:v", "libtheora", "-c:a", "libvorbis", "-f", "ogg"),
    "MXF, MPEG-2, PCM": ("-c:v", "mpeg2video", "-ar", 48_000, "-c:a", "pcm_s16le", "-f", "mxf"),
    "DV": ("-s", "720x576", "-r", 25, "-pix_fmt", "yuv420p", "-ar", 48_000, "-ac", 2, "-f", "dv"),
}
_LANGUAGES = ("en", "es", "fr", "it", "ru")
_WRONG = {"en": 0.12, "es": 0.2, "fr": 0.3, "it": 0.3, "ru": 0.35}
_NAMES = {"en": "demo-nogo"}


def containers() -> Iterator[Variant]:
    """Yield each container and codec with speech, in one language after another."""
    forms = [*((name, coding, False) for name, coding in SOUND_FORMS.items())]
    forms += [(name, coding, True) for name, coding in PICTURE_FORMS.items()]
    for number, (form, coding, has_picture) in enumerate(forms):
        language = _LANGUAGES[number % len(_LANGUAGES)]
        name = _NAMES.get(language, "demo-abouttotry")
        samples = s.prompt(language, name)
        seconds = len(samples) / SAMPLE_RATE

        def make(
            path: Path,
            samples: s.Samples = samples,
            coding: tuple[object, ...] = coding,
            has_picture: bool = has_picture,  # noqa: FBT001 - bound to this variant
        ) -> None:
            wav = s.write_wav(path.with_name("speech.wav"), samples)
            length = len(samples) / SAMPLE_RATE
            picture = ("-f", "lavfi", "-i", f"testsrc2=size=320x180:rate=25:duration={length}")
            ffmpeg(*(picture if has_picture else ()), "-i", wav, *coding, path)

        checks: tuple[Check, ...] = (
            says(s.prompt_text(language, name), wrong=_WRONG[language], language=language),
            lasts(seconds),
            lost_nothing,
        )
        yield Variant(
            kind="containers",
            content="speech and picture" if has_picture else "speech",
            form=form,
            language=language,
            make=make,
            source=samples,
            checks=(*checks, cut_at(0.0)) if has_picture else checks,
        )


def _text(content: bytes) -> Callable[[Path], None]:
    return lambda path: void(path.write_bytes(content))


def void(_: object) -> None:
    """Return nothing."""


def entrance() -> Iterator[Variant]:
    """Yield names and files that are no recordings."""
    short = s.turn(2)

    def speech(path: Path) -> None:
        wav = s.write_wav(path.with_name("speech.wav"), short)
        ffmpeg("-i", wav, "-c:a", "aac", "-f", "mp4", path.with_name("speech.m4a"))
        path.write_bytes(path.with_name("speech.m4a").read_bytes())

    for name in (
        "IMG_0001.MOV",
        "Screen Recording.Mov",
        "recording",
        "voice.memo.final",
        "notes.txt",
        "caf\u00e9 \u4f1a\u8b70 \u202egpj.mp4",
        "~~a~~ &copy; <b>*x*</b> [y](z).mp4",
        "line\x07bell\x1b[31m.mp4",
        "a" * 200 + ".M4A",
    ):
        yield Variant(
            kind="names",
            content=ascii(name)[1:40].rstrip("'"),
            form="M4A, AAC",
            language="en",
            make=speech,
            name=name,
            checks=(says(s.turn_text(2)), lost_nothing),
        )
    for content, data, code in (
        ("no bytes", b"", "media.empty"),
        ("text", b"Dear diary, this is no video.\n" * 50, "media.not_a_video"),
        ("HLS playlist", b"#EXTM3U\n#EXTINF:2,\nprivate.mp4\n", "media.playlist"),
        ("list to join", b"ffconcat version 1.0\nfile 'private.mp4'\n", "media.playlist"),
        ("DASH manifest", b'<?xml version="1.0"?><MPD/>', "media.playlist"),
        ("SDP", b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\n", "media.playlist"),
        ("address", b"https://example.org/talk.mp4\n", "media.playlist"),
        ("archive", b"PK\x03\x04" + bytes(4000), "media.not_a_video"),
        (
            "index missing",
            struct.pack(">I4s", 24, b"ftyp") + b"isom\0\0\0\0isommp42",
            "media.truncated",
        ),
    ):
        yield Variant(
            kind="refused",
            content=content,
            form="none",
            language="none",
            make=_text(data),
            code=code,
        )
    yield Variant(
        kind="refused",
        content="picture",
        form="JPEG",
        language="none",
        make=lambda path: void(
            ffmpeg("-f", "lavfi", "-i", "testsrc2=size=64x64", "-frames:v", 1, "-f", "image2", path)
        ),
        code="media.not_a_video",
    )

    def motion_photo(path: Path) -> None:
        jpeg, film = path.with_name("still.jpg"), path.with_name("film.mp4")
        wav = s.write_wav(path.with_name("speech.wav"), short)
        picture = ("-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=3")
        ffmpeg(*picture, "-frames:v", 1, "-f", "image2", jpeg)
        ffmpeg(*picture, "-i", wav, *H264, "-c:a", "aac", "-f", "mp4", film)
        path.write_bytes(jpeg.read_bytes() + film.read_bytes())

    yield Variant(
        kind="names",
        content="motion photo",
        form="JPEG with MP4",
        language="en",
        make=motion_photo,
        name="PXL_20260101.MP.jpg",
        checks=(says(s.turn_text(2)), lost_nothing, cut_at(0.0)),
    )
