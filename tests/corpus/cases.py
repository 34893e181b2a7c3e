"""The corpus: what people upload by mistake, accident or malice, and what must become of it."""

from runtime.processor.media.limits import MediaLimits
from scripts.sample_media.ffmpeg import ffmpeg
from tests.corpus.case import kept, refused
from tests.corpus.containers import CONTAINERS, PCM, WITH_PICTURE
from tests.corpus.making import (
    FAST,
    X264,
    box,
    captioned,
    captions,
    clip,
    concatenation,
    content,
    edited,
    film,
    in_samples,
    joined,
    made,
    nested,
    noise,
    picture,
    playlist,
    remuxed,
    replaced,
    tone,
    twice,
    two_languages,
    void,
    with_clocks,
    with_count,
    with_duration,
    with_large_sizes,
)

KEY = "76a6c65c5ea762046bd749a2e632ccbb"
ENCRYPTED = ("-encryption_scheme", "cenc-aes-ctr", "-encryption_key", KEY, "-encryption_kid", KEY)
COVER = ("-f", "lavfi", "-i", "testsrc2=size=64x64:duration=0.04")
COVER_ART = ("-map", "0:a", "-map", "1:v", "-c:v", "png", "-disposition:v", "attached_pic")
HDR = ("-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc")
FF = b"\xff"
LATER = ("-output_ts_offset", 3600)
JUMP = ("-af", "asetpts='PTS+gt(T,1)*40000/TB'")
APPENDED = "media.appended"

NOT_A_VIDEO = "media.not_a_video"
PLAYLIST = "media.playlist"
TRUNCATED = "media.truncated"

REFUSED = {
    "no bytes": refused("media.empty", content(b"")),
    "one byte": refused(NOT_A_VIDEO, content(b"x")),
    "text": refused(NOT_A_VIDEO, content(b"Dear diary, this is no video.\n" * 50)),
    "web page": refused(NOT_A_VIDEO, content(b"<!DOCTYPE html><title>404</title>" * 40)),
    "document": refused(NOT_A_VIDEO, content(b"%PDF-1.7\n" + noise(4000))),
    "archive": refused(NOT_A_VIDEO, content(b"PK\x03\x04" + noise(4000))),
    "program": refused(NOT_A_VIDEO, content(b"\x7fELF\x02\x01\x01" + noise(4000))),
    "zeros": refused(NOT_A_VIDEO, content(bytes(1 << 20))),
    "noise": refused(NOT_A_VIDEO, content(noise(1 << 20))),
    "a picture": refused(NOT_A_VIDEO, made(*COVER, "-frames:v", 1, form="image2")),
    "an animation": refused(NOT_A_VIDEO, made(*picture(), form="gif")),
    "playlist of files": refused(PLAYLIST, playlist),
    "list to concatenate": refused(PLAYLIST, concatenation),
    "address of a stream": refused(PLAYLIST, content(b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\n")),
    "playlist of a radio": refused(PLAYLIST, content(b"[playlist]\nFile1=http://127.0.0.1/\n")),
    "playlist of a player": refused(PLAYLIST, content(b'<ASX version="3"><entry/></ASX>')),
    "dash manifest": refused(
        PLAYLIST, content(b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"/>')
    ),
    "index cut off": refused(TRUNCATED, edited("tail", lambda data: data[:-3000])),
    "first box alone": refused(TRUNCATED, content(box(b"ftyp", b"isom\0\0\0\0isom"))),
    "first hundred bytes": refused(TRUNCATED, edited("film", lambda data: data[:100])),
    "box larger than the file": refused(TRUNCATED, content(b"\xff\xff\xff\xffmoov" + noise(500))),
    "index of zeros": refused(
        TRUNCATED, edited("film", lambda d: d.replace(d[40 : d.index(b"mdat") - 12], b"\0" * 0))
    ),
    "table that claims too many entries": refused(TRUNCATED, with_count(b"stts", 0x7FFFFFFF)),
    "boxes in boxes": refused(TRUNCATED, content(nested(5000))),
    "pictures of zeros": refused(TRUNCATED, edited("mute", in_samples(0, 1, bytes))),
    "all samples of zeros": refused(TRUNCATED, edited("film", in_samples(0, 1, bytes))),
    "captions alone": refused("media.no_streams", captions),
    "encrypted": refused("media.encrypted", film(*X264, "-c:a", "aac", *ENCRYPTED)),
    "encrypted picture": refused("media.encrypted", replaced("mute", b"avc1\0", b"encv\0")),
    "bought sound": refused("media.encrypted", replaced("sound", b"mp4a\0", b"drms\0")),
    "unknown codec": refused(
        "media.unsupported_codec", replaced("mute", b"avc1\0\0\0\0", b"zzzz\0\0\0\0")
    ),
    "longer than allowed": refused(
        "media.too_long", content(clip), limits=MediaLimits(max_seconds=1.0)
    ),
    "longer than it says": refused(
        "media.too_long",
        lambda path: void(ffmpeg(*tone(80, rate=8000), "-b:a", "8k", "-f", "mp4", path)),
        limits=MediaLimits(max_seconds=20.0),
    ),
    "wider than allowed": refused(
        "media.resolution_too_high", content(clip), limits=MediaLimits(max_pixels=160 * 89)
    ),
    "wider than a cinema": refused(
        "media.resolution_too_high",
        made(*picture(0.04, size="8256x4400"), *X264),
    ),
    "sound that jumps by hours": refused(
        "media.broken_timestamps",
        made(*tone(), *JUMP, "-c:a", "alac", form="mov"),
    ),
}

HARD = {
    **{
        f"container {name}": kept(make, 2.0, 2.0)
        if name in WITH_PICTURE
        else kept(make, 2.0, None, "media.no_video")
        for name, make in CONTAINERS.items()
    },
    "phone's voice memo": kept(
        made(*tone(), "-c:a", "aac", form="ipod"), 2.0, None, "media.no_video"
    ),
    "phone's old video": kept(
        film("-c:v", "h263", "-s", "176x144", "-c:a", "aac", form="3gp"), 2.0, 2.0
    ),
    "healthy": kept(content(clip), 2.0, 2.0),
    "quicktime": kept(film(*X264, form="mov"), 2.0, 2.0),
    "matroska named mp4": kept(film(*X264, "-c:a", "aac", form="matroska"), 2.0, 2.0),
    "webm named mp4": kept(film("-c:v", "libvpx", "-c:a", "libvorbis", form="webm"), 2.0, 2.0),
    "avi named mp4": kept(film("-c:v", "mpeg4", "-c:a", "libmp3lame", form="avi"), 2.0, 2.0),
    "broadcast named mp4": kept(film("-c:v", "mpeg2video", "-c:a", "mp2", form="mpegts"), 2.0, 2.0),
    "no sound": kept(edited("mute", bytes), None, 2.0, "media.no_audio"),
    "no picture": kept(edited("sound", bytes), 2.0, None, "media.no_video"),
    "cover art": kept(made(*tone(), *COVER, *COVER_ART), 2.0, None, "media.no_video"),
    "captions beside": kept(captioned, 2.0, 2.0),
    "timecode beside": kept(film(*X264, "-timecode", "01:00:00:00", form="mov"), 2.0, 2.0),
    "two languages": kept(two_languages, 1.0, 2.0, facts={"language": "deu"}),
    "second track": kept(two_languages, 2.0, 2.0, audio_track="2", facts={"language": "eng"}),
    "english track": kept(two_languages, 2.0, 2.0, audio_track="eng", facts={"language": "eng"}),
    "no french track": kept(
        two_languages,
        1.0,
        2.0,
        "media.no_such_track",
        audio_track="fra",
        facts={"language": "deu"},
    ),
    "six channels": kept(film(*X264, "-ac", 6), 2.0, 2.0, facts={"channels": 6}),
    "telephone": kept(film(*X264, "-ar", 8000), 2.0, 2.0, facts={"sample_rate": 8000}),
    "studio": kept(film(*X264, "-ar", 96_000), 2.0, 2.0, facts={"sample_rate": 96_000}),
    "sample rate that changes": kept(
        joined(
            (*tone(1.0), "-c:a", "mp2", "-ar", 48_000),
            (*tone(1.0), "-c:a", "mp2", "-ar", 32_000, "-output_ts_offset", 1.0),
        ),
        2.0,
        None,
        "media.no_video",
    ),
    "picture that changes size": kept(
        joined(
            (*picture(1.0), "-c:v", "mpeg2video"),
            (*picture(1.0, size="320x180"), "-c:v", "mpeg2video", "-output_ts_offset", 1.0),
        ),
        None,
        2.0,
        "media.no_audio",
    ),
    "adaptive multi rate": kept(
        made(*tone(rate=8000), "-ac", 1, "-c:a", "libopencore_amrnb", form="3gp"),
        2.0,
        None,
        "media.no_video",
    ),
    "lossless sound": kept(film(*X264, "-c:a", "alac"), 2.0, 2.0),
    "opus": kept(film(*X264, "-c:a", "libopus"), 2.0, 2.0),
    "mp3 in mp4": kept(film(*X264, "-c:a", "libmp3lame"), 2.0, 2.0),
    "ac-3": kept(film(*X264, "-c:a", "ac3"), 2.0, 2.0),
    "pcm": kept(film(*X264, *PCM, form="mov"), 2.0, 2.0),
    "h.265": kept(film("-c:v", "libx265", "-preset", "ultrafast"), 2.0, 2.0),
    "high dynamic range": kept(
        film("-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le", *HDR), 2.0, 2.0
    ),
    "av1": kept(film("-c:v", "libsvtav1", "-preset", 12), 2.0, 2.0),
    "vp9": kept(film("-c:v", "libvpx-vp9", "-deadline", "realtime"), 2.0, 2.0),
    "prores with alpha": kept(
        film("-c:v", "prores_ks", "-profile:v", 4, "-pix_fmt", "yuva444p10le", form="mov"), 2.0, 2.0
    ),
    "motion jpeg": kept(film("-c:v", "mjpeg", form="mov"), 2.0, 2.0),
    "animation codec": kept(film("-c:v", "qtrle", form="mov"), 2.0, 2.0),
    "raw pictures": kept(film("-c:v", "rawvideo", form="avi"), 2.0, 2.0),
    "grey in 16 bits": kept(
        film("-c:v", "ffv1", "-pix_fmt", "gray16le", form="matroska"), 2.0, 2.0
    ),
    "interlaced": kept(film("-vf", "scale=160:96", *X264, "-flags", "+ildct+ilme"), 2.0, 2.0),
    "odd size": kept(
        made(*picture(size="33x17"), "-c:v", "ffv1", form="matroska"),
        None,
        2.0,
        "media.no_audio",
    ),
    "one pixel high": kept(
        made(*picture(), "-vf", "format=gray,crop=64:1", "-c:v", "ffv1", form="matroska"),
        None,
        2.0,
        "media.no_audio",
    ),
    "tenth of a second": kept(made(*picture(0.12), *tone(0.1), *X264), 0.1, 0.12, tolerance=0.1),
    "one picture": kept(made(*picture(0.04), *X264), None, 0.04, "media.no_audio", tolerance=0.05),
    "one picture a second": kept(made(*picture(4.0, rate=1), *tone(4.0), *X264), 4.0, 4.0),
    "sound ends early": kept(made(*picture(3.0), *tone(1.0), *X264), 1.0, 3.0),
    "picture ends early": kept(made(*picture(1.0), *tone(3.0), *X264), 3.0, 1.0),
    "sound starts late": kept(
        made(*picture(), "-itsoffset", 1.5, *tone(1.0), "-map", "0:v", "-map", "1:a", *X264),
        2.5,
        2.0,
    ),
    "picture starts late": kept(
        made("-itsoffset", 1.5, *picture(1.0), *tone(), "-map", "0:v", "-map", "1:a", *X264),
        2.0,
        2.5,
    ),
    "counts from an hour": kept(
        film(*X264, "-c:a", "aac", "-output_ts_offset", 3600, form="mpegts"), 2.0, 2.0
    ),
    "cut without coding again": kept(
        remuxed("-avoid_negative_ts", "disabled", before=("-ss", 0.7)), 1.3, 1.3
    ),
    "says it is ten times as long": kept(with_duration("film", 10.0), 2.0, 2.0),
    "says it is days long": kept(with_duration("film", 1_000_000.0), 2.0, 2.0),
    "says it has no length": kept(with_duration("film", 0.0), 2.0, 2.0),
    "turned a quarter": kept(
        remuxed(before=("-display_rotation", -90)), 2.0, 2.0, facts={"rotation_degrees": 90}
    ),
    "upside down": kept(
        remuxed(before=("-display_rotation", -180)), 2.0, 2.0, facts={"rotation_degrees": 180}
    ),
    "second half missing": kept(
        edited("long", lambda data: data[: len(data) // 2]),
        4.0,
        4.0,
        "media.cut_off",
        tolerance=1.5,
    ),
    "middle overwritten": kept(
        edited("film", in_samples(0.3, 0.7, noise)),
        2.0,
        2.0,
        "media.damaged",
    ),
    "middle of the sound overwritten": kept(
        edited("sound", in_samples(0.4, 0.6, lambda size: FF * size)),
        2.0,
        None,
        "media.no_video",
        "media.damaged",
    ),
    "fragments": kept(edited("fragments", bytes), 2.0, 2.0),
    "fragments cut off": kept(
        edited("fragments", lambda data: data[: len(data) * 6 // 10]),
        1.2,
        1.2,
        tolerance=0.5,
    ),
    "fragments that jump ahead an hour": kept(
        edited("fragments", lambda data: with_clocks(data, lambda n: 3600 if n > 1 else 0)),
        2.0,
        2.0,
    ),
    "fragments that begin again": kept(
        edited("fragments", lambda data: data + data), 4.0, 4.0, tolerance=0.3
    ),
    "webm appended": kept(
        twice("-c:v", "libvpx", "-c:a", "libvorbis", form="webm"), 4.0, 4.0, tolerance=0.3
    ),
    "mp4 appended": kept(edited("film", lambda data: data + data), 4.0, 4.0),
    "broadcast that jumps ahead": kept(
        joined(
            (*picture(), *tone(), "-c:v", "mpeg2video", "-c:a", "mp2"),
            (*picture(), *tone(), "-c:v", "mpeg2video", "-c:a", "mp2", *LATER),
        ),
        4.0,
        4.0,
        tolerance=0.3,
    ),
    "sound in matroska that jumps by hours": kept(
        made(*tone(), *JUMP, *PCM, form="matroska"), 2.0, None, "media.no_video", "media.cut_off"
    ),
    "sound appended to a picture alone": kept(
        content(lambda: clip("mute") + clip("sound")), None, 2.0, "media.no_audio", APPENDED
    ),
    "rubbish at the end": kept(edited("film", lambda data: data + noise(5000)), 2.0, 2.0),
    "sizes in 64 bits": kept(edited("tail", with_large_sizes), 2.0, 2.0),
    "frame rate beyond reason": kept(
        film(*X264, "-video_track_timescale", 10_000_000, *FAST), 2.0, 2.0
    ),
}
