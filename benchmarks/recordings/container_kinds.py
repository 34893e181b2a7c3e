"""Containers and codecs that people have, each with speech, and names of files."""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.recordings import sounds as s
from benchmarks.recordings.kinds import WRONG, Check, Variant, cut_at, lasts, lost_nothing, says
from scripts.sample_media.ffmpeg import ffmpeg
from scripts.sample_media.speech import SAMPLE_RATE
from tests.corpus.making import content as content_of
from tests.corpus.making import made

H264 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p"
_NARROW = "-ar 8000 -ac 1"

SOUND_FORMS = {
    "MP3": "-c:a libmp3lame -f mp3",
    "M4A, AAC": "-c:a aac -f ipod",
    "M4A, ALAC": "-c:a alac -f ipod",
    "M4A, AAC, 22 kHz": "-ar 22050 -c:a aac -f ipod",
    "AAC (ADTS)": "-c:a aac -f adts",
    "WAV, 16 bits": "-c:a pcm_s16le -f wav",
    "WAV, 8 bits": "-c:a pcm_u8 -f wav",
    "WAV, 24 bits, 96 kHz": "-ar 96000 -c:a pcm_s24le -f wav",
    "WAV, float": "-c:a pcm_f32le -f wav",
    "WAV, double": "-c:a pcm_f64le -f wav",
    "WAV, mu-law": f"{_NARROW} -c:a pcm_mulaw -f wav",
    "WAV, A-law": f"{_NARROW} -c:a pcm_alaw -f wav",
    "WAV, IMA ADPCM": "-c:a adpcm_ima_wav -f wav",
    "WAV, MS ADPCM": "-c:a adpcm_ms -f wav",
    "RF64": "-c:a pcm_s16le -rf64 always -f wav",
    "Wave64": "-c:a pcm_s16le -f w64",
    "AIFF": "-c:a pcm_s16be -f aiff",
    "AIFF-C, float": "-c:a pcm_f32be -f aiff",
    "AU, mu-law": f"{_NARROW} -c:a pcm_mulaw -f au",
    "FLAC, 24 bits": "-sample_fmt s32 -c:a flac -f flac",
    "OGG, Opus, 16 kbit/s": "-c:a libopus -b:a 16k -f ogg",
    "OGG, Vorbis": "-c:a libvorbis -f ogg",
    "OGG, FLAC": "-c:a flac -f ogg",
    "WebM, Opus": "-c:a libopus -f webm",
    "MKA, AC-3": "-c:a ac3 -f matroska",
    "AMR-NB": f"{_NARROW} -c:a libopencore_amrnb -f amr",
    "3GP, AMR-NB": f"{_NARROW} -c:a libopencore_amrnb -f 3gp",
    "AC-3": "-c:a ac3 -f ac3",
    "E-AC-3": "-c:a eac3 -f eac3",
    "WMA": "-c:a wmav2 -f asf",
    "CAF, ALAC": "-c:a alac -f caf",
    "CAF, PCM": "-c:a pcm_s16le -f caf",
    "MP2": "-c:a mp2 -f mp2",
}

PICTURE_FORMS = {
    "MP4, H.264, AAC": f"{H264} -c:a aac -f mp4",
    "MP4, H.265, AAC": "-c:v libx265 -preset ultrafast -c:a aac -f mp4",
    "MP4, AV1, Opus": "-c:v libsvtav1 -preset 12 -c:a libopus -f mp4",
    "MP4, MPEG-4, MP3": "-c:v mpeg4 -c:a libmp3lame -f mp4",
    "MOV, H.264, PCM": f"{H264} -c:a pcm_s16be -f mov",
    "MOV, ProRes, 24 bits": "-c:v prores_ks -c:a pcm_s24le -f mov",
    "MOV, MJPEG, mu-law": f"-c:v mjpeg {_NARROW} -c:a pcm_mulaw -f mov",
    "MKV, H.264, FLAC": f"{H264} -c:a flac -f matroska",
    "MKV, FFV1, PCM": "-c:v ffv1 -c:a pcm_s16le -f matroska",
    "WebM, VP8, Vorbis": "-c:v libvpx -deadline realtime -c:a libvorbis -f webm",
    "WebM, VP9, Opus": "-c:v libvpx-vp9 -deadline realtime -c:a libopus -f webm",
    "AVI, MPEG-4, MP3": "-c:v mpeg4 -c:a libmp3lame -f avi",
    "AVI, MJPEG, PCM": "-c:v mjpeg -pix_fmt yuvj420p -c:a pcm_s16le -f avi",
    "MPEG-TS, H.264, AAC": f"{H264} -c:a aac -f mpegts",
    "MPEG-TS, MPEG-2, MP2": "-c:v mpeg2video -c:a mp2 -f mpegts",
    "M2TS, H.264, AC-3": f"{H264} -c:a ac3 -f mpegts -mpegts_m2ts_mode 1",
    "MPEG-PS, MPEG-2, AC-3": "-c:v mpeg2video -c:a ac3 -f vob",
    "MPEG-PS, MPEG-1, MP2": "-c:v mpeg1video -c:a mp2 -f mpeg",
    "FLV, H.264, AAC": f"{H264} -c:a aac -f flv",
    "FLV, Sorenson, MP3": "-c:v flv -ar 22050 -c:a libmp3lame -f flv",
    "3GP, H.263, AMR-NB": f"-c:v h263 -s 176x144 {_NARROW} -c:a libopencore_amrnb -f 3gp",
    "WMV, WMV2, WMA": "-c:v wmv2 -c:a wmav2 -f asf",
    "OGV, Theora, Vorbis": "-c:v libtheora -c:a libvorbis -f ogg",
    "MXF, MPEG-2, PCM": "-c:v mpeg2video -ar 48000 -c:a pcm_s16le -f mxf",
    "DV": "-s 720x576 -r 25 -pix_fmt yuv420p -ar 48000 -ac 2 -f dv",
}
_LANGUAGES = ("en", "es", "fr", "it", "ru")
_NAMES = {"en": "demo-nogo"}
_CLIP = "testsrc2=size=320x180:rate=25:duration"


def containers() -> Iterator[Variant]:
    """Yield each container and codec with speech, in one language after another."""
    for number, (form, coding) in enumerate((SOUND_FORMS | PICTURE_FORMS).items()):
        language = _LANGUAGES[number % len(_LANGUAGES)]
        name = _NAMES.get(language, "demo-abouttotry")
        samples = s.prompt(language, name)
        seconds = len(samples) / SAMPLE_RATE
        checks: tuple[Check, ...] = (
            says(s.prompt_text(language, name), wrong=WRONG[language], language=language),
            lasts(seconds),
            lost_nothing,
        )
        content, picture = "speech", ""
        if form in PICTURE_FORMS:
            content, picture = "speech and picture", f"{_CLIP}={seconds}"
            checks = (*checks, cut_at(0.0))
        make = s.encoded(samples, coding, picture=picture)
        yield Variant("containers", content, form, make, checks, language=language, source=samples)


def entrance() -> Iterator[Variant]:
    """Yield names and files that are no recordings."""
    speech = s.encoded(s.turn(2), "-c:a aac -f mp4")
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
        content = ascii(name)[1:40].rstrip("'")
        checks = (says(s.turn_text(2)), lost_nothing)
        yield Variant("names", content, "M4A, AAC", speech, checks, name=name)
    for content, data, code in (
        ("no bytes", b"", "media.empty"),
        ("text", b"Dear diary, this is no video.\n" * 50, "media.not_a_video"),
        ("HLS playlist", b"#EXTM3U\n#EXTINF:2,\nprivate.mp4\n", "media.playlist"),
        ("list to join", b"ffconcat version 1.0\nfile 'private.mp4'\n", "media.playlist"),
        ("DASH manifest", b'<?xml version="1.0"?><MPD/>', "media.playlist"),
        ("SDP", b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\n", "media.playlist"),
        ("address", b"https://example.org/talk.mp4\n", "media.playlist"),
        ("archive", b"PK\x03\x04" + bytes(4000), "media.not_a_video"),
        ("index missing", b"\0\0\0\x18ftypisom\0\0\0\0isommp42", "media.truncated"),
    ):
        make = content_of(data)
        yield Variant("refused", content, "none", make, language="none", code=code)
    yield Variant(
        "refused",
        "picture",
        "JPEG",
        made("-f", "lavfi", "-i", "testsrc2=size=64x64", "-frames:v", 1, form="image2"),
        language="none",
        code="media.not_a_video",
    )

    def motion_photo(path: Path) -> None:
        jpeg, film = path.with_name("still.jpg"), path.with_name("film.mp4")
        picture = f"{_CLIP}=3"
        ffmpeg("-f", "lavfi", "-i", picture, "-frames:v", 1, "-f", "image2", jpeg)
        s.encode(film, f"{H264} -c:a aac -f mp4", s.turn(2), picture=picture)
        path.write_bytes(jpeg.read_bytes() + film.read_bytes())

    yield Variant(
        "names",
        "motion photo",
        "JPEG with MP4",
        motion_photo,
        (says(s.turn_text(2)), lost_nothing, cut_at(0.0)),
        name="PXL_20260101.MP.jpg",
    )
