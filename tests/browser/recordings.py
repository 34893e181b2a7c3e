"""Recordings for tests: results that a processor could have written, and a small video."""

import json
import math
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import imageio_ffmpeg

WORD_SECONDS, PAUSE_SECONDS = 0.4, 1.0
VIDEO_SECONDS = 60
HOSTILE = "\u202eevil<script>alert(1)</script>&\x07" + "W" * 120 + ".mp4"

ENGLISH = (
    (0, "Welcome to the yearly meeting of the river society."),
    (1, "Thank you, the water was higher than in any year before."),
    (0, "Then let us begin with the measurements of the spring."),
    (1, "We measured at three bridges, every morning and every evening."),
    (2, "The level rose by two metres within a single night."),
    (0, "What do we do about the boats?"),
)
GERMAN = (
    (0, "Die Donaudampfschifffahrtsgesellschaft überprüft größere Brücken über dem Fluß."),
    (1, "Fünf Übungen genügen völlig."),
)
ARABIC = ((0, "مرحبا بكم في الاجتماع السنوي."), (1, "شكرا، كان الماء أعلى من كل عام."))
CHINESE = ((0, "欢迎 来到 河流 协会 的 年度 会议。"), (1, "今年 的 水位 比 往年 都 高。"))


def transcript(sentences: Sequence[tuple[int, str]], language: str = "en") -> dict[str, Any]:
    """Return a `transcript.json` in which every word takes the same time."""
    words: list[dict[str, Any]] = []
    parts: list[dict[str, Any]] = []
    now = 1.0
    for speaker, text in sentences:
        who = f"SPEAKER_{speaker:02}"
        first = len(words)
        for word in text.split():
            end = round(now + WORD_SECONDS, 3)
            words.append({"text": word, "start_seconds": now, "end_seconds": end, "speaker": who})
            now = end
        parts.append(
            {
                "text": text,
                "start_seconds": words[first]["start_seconds"],
                "end_seconds": now,
                "speaker": who,
                "first_word": first,
                "word_count": len(words) - first,
            }
        )
        now = round(now + PAUSE_SECONDS, 3)
    return {"schema_version": "1.0", "language": language, "words": words, "sentences": parts}


def write_results(
    folder: Path,
    sentences: Sequence[tuple[int, str]] = ENGLISH,
    *,
    language: str = "en",
    video: bool = True,
    pictures: Path | None = None,
    duration: float | None = None,
) -> Path:
    """Write the result files of a recording into a folder and return it."""
    folder.mkdir(parents=True)
    spoken = transcript(sentences, language)
    last = spoken["sentences"][-1]["end_seconds"]
    duration = duration or max(last + 2, float(VIDEO_SECONDS))
    speakers = sorted({sentence["speaker"] for sentence in spoken["sentences"]})
    half = spoken["sentences"][len(spoken["sentences"]) // 2]["start_seconds"]
    scenes = [
        {
            "index": n,
            "start_seconds": n * duration / 6,
            "end_seconds": (n + 1) * duration / 6,
            "thumbnail": "thumbnails/scene-0001.webp" if pictures else None,
        }
        for n in range(6)
    ]
    summary = {
        "media": {"duration_seconds": duration, "video": {"width": 320} if video else None},
        "language": language,
        "summary": [
            {name: s[name] for name in ("text", "start_seconds", "end_seconds", "speaker")}
            for s in spoken["sentences"][:4]
        ],
        "chapters": [
            {"title": "Welcome", "start_seconds": 0.0, "end_seconds": half},
            {"title": "The high water <b>", "start_seconds": half, "end_seconds": duration},
        ],
        "speakers": [
            {
                "speaker": who,
                "name": f"Speaker {place + 1}",
                "talk_time_seconds": sum(
                    s["end_seconds"] - s["start_seconds"]
                    for s in spoken["sentences"]
                    if s["speaker"] == who
                ),
                "word_count": 10,
            }
            for place, who in enumerate(speakers)
        ],
        "player_audio": "audio.m4a",
        "warnings": [],
    }
    (folder / "summary.json").write_text(json.dumps(summary))
    (folder / "scenes.json").write_text(json.dumps({"scenes": scenes}))
    (folder / "transcript.json").write_text(json.dumps(spoken))
    cue = "WEBVTT\n\n00:00:01.000 --> 00:00:05.000\nWelcome to the yearly meeting\n"
    (folder / "transcript.vtt").write_text(cue)
    (folder / "transcript.txt").write_text("Speaker 1 [00:01]\nWelcome.\n")
    (folder / "chapters.vtt").write_text("WEBVTT\n\n00:00:00.000 --> 00:00:20.000\nWelcome\n")
    peaks = [round(50 + 45 * math.sin(n / 9) * math.sin(n / 37)) for n in range(600)]
    waveform = {"starts_at_seconds": 0, "seconds_per_peak": duration / 600, "peaks": peaks}
    (folder / "waveform.json").write_text(json.dumps(waveform))
    if pictures:
        (folder / "thumbnails").mkdir()
        (folder / "thumbnails" / "scene-0001.webp").write_bytes(pictures.read_bytes())
    return folder


def make_video(folder: Path) -> None:
    """Make a small video, its sound and a picture of it."""
    ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
    source = [
        *("-f", "lavfi", "-i", f"testsrc2=size=320x180:rate=10:duration={VIDEO_SECONDS}"),
        *("-f", "lavfi", "-i", f"sine=frequency=330:duration={VIDEO_SECONDS}"),
    ]
    video, sound, picture = (folder / n for n in ("video.mp4", "audio.m4a", "scene.webp"))
    encoded = ["-pix_fmt", "yuv420p", "-g", "10", "-preset", "ultrafast", "-shortest"]
    for arguments in (
        [*source, *encoded, "-movflags", "+faststart", str(video)],
        ["-i", str(video), "-vn", "-c:a", "copy", str(sound)],
        ["-ss", "5", "-i", str(video), "-frames:v", "1", str(picture)],
    ):
        command = [ffmpeg, "-loglevel", "error", "-y", *arguments]
        subprocess.run(command, check=True, timeout=60)
