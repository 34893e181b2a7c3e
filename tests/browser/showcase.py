"""A recording to show: a made-up meeting with pictures that ffmpeg draws, all of it our own."""

import json
import math
import subprocess
import time
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np
import numpy.typing as npt

from tests.browser.fake_service import FakeService
from tests.browser.recordings import transcript

TITLE = "Yearly meeting of the river society"
SAID = (
    (0, "Welcome, everyone, to the yearly meeting of the river society."),
    (0, "We have an hour, three reports, and one decision about the boats."),
    (1, "Thank you. I begin with the spring, because the spring was unusual."),
    (1, "We measured at three bridges, every morning and every evening, for ninety days."),
    (1, "At the old mill the water rose by two metres within a single night."),
    (2, "Two metres? The chart in the hall says one and a half."),
    (1, "The chart stops at midnight, and the crest came at four in the morning."),
    (2, "Then we should print it again, with the crest in it."),
    (0, "Agreed, the chart is printed again before the summer."),
    (0, "Now the boats, which is why most of you are here."),
    (2, "The landing stage was under water for eleven days, and four boats were damaged."),
    (2, "My proposal is simple: we move the stage forty metres upstream, behind the bend."),
    (1, "Behind the bend the current is half as strong, our numbers show that clearly."),
    (0, "What does it cost, and who can do the work before the autumn?"),
    (2, "Six thousand for timber and anchors, and the work is two weekends for ten people."),
    (1, "I can lend the barge, and I know two carpenters who would come."),
    (0, "Then let us vote: the stage moves upstream, before the first of October."),
    (0, "I see no hand against it, so it is decided."),
    (1, "One last thing: the measurements are on the website, with every value and its time."),
    (0, "Thank you all, and see you at the river."),
)
CHAPTERS = ((0, "Welcome"), (2, "The high water of the spring"), (9, "Where the boats go"))
SECTIONS: tuple[tuple[str, tuple[tuple[str, tuple[int, ...]], ...]], ...] = (
    (
        "Summary",
        (
            ("The spring brought the highest water on record: two metres in a night.", (4, 6)),
            ("The landing stage stood under water for eleven days; four boats broke.", (10,)),
        ),
    ),
    (
        "Decisions",
        (
            ("The landing stage moves forty metres upstream, before October.", (11, 16)),
            ("The chart in the hall is printed again with the crest.", (7, 8)),
        ),
    ),
)
SCENES = (
    ((246, 222, 190), (232, 150, 110), (36, 62, 86)),
    ((214, 232, 240), (120, 176, 190), (16, 58, 62)),
    ((250, 214, 170), (214, 110, 92), (60, 30, 66)),
    ((228, 236, 214), (134, 170, 120), (22, 60, 44)),
    ((40, 52, 92), (108, 96, 150), (14, 18, 44)),
    ((252, 236, 206), (226, 160, 88), (88, 44, 26)),
)
"""Sky, horizon and foreground of each scene."""

SCENE_SECONDS = 20
WAVEFORM_PEAKS = 1000
WIDTH, HEIGHT = 1280, 720


def make_showcase(folder: Path) -> tuple[Path, Path, float]:
    """Write a video and results; return both, and the duration."""
    folder.mkdir(parents=True, exist_ok=True)
    video, results = folder / "meeting.mp4", folder / "results"
    (results / "thumbnails").mkdir(parents=True)
    _draw(video, results / "thumbnails")
    duration = float(SCENE_SECONDS * len(SCENES))
    spoken = transcript(SAID)
    for name, document in _documents(spoken, duration).items():
        (results / name).write_text(json.dumps(document))
    for name in ("transcript.vtt", "chapters.vtt"):
        (results / name).write_text("WEBVTT\n\n00:00:01.000 --> 00:00:05.000\nWelcome, everyone\n")
    return video, results, duration


def fill(service: FakeService, folder: Path) -> dict[str, str]:
    """Add recordings in every state to a service; return their ids by what they show."""
    video, results, duration = make_showcase(folder)
    ready = {"state": "SUCCEEDED", "duration_seconds": duration, "speakers": 3, "language": "en"}
    stages: list[tuple[str, str, int | None]]
    stages = [("fetch", "done", 2), ("probe", "done", 1), ("audio", "done", 9)]
    stages += [("transcribe", "running", None), ("diarize", "running", None)]
    stages += [(name, "pending", None) for name in ("scenes", "attribute", "summarize")]
    said = transcript(SAID)["sentences"]
    cut = "The file ends in the middle: its index is missing, so nothing in it can be decoded."
    ids = {
        "player": service.add(
            {"name": "meeting.mp4", "title": TITLE, "thumbnail": True, "size_bytes": 48_000_000}
            | ready,
            results=results,
            media=video,
        ),
        "job": service.add(
            {
                "name": "interview.mov",
                "title": "Interview with the lock keeper",
                "state": "RUNNING",
                "stage": "transcribe",
                "progress": 0.46,
                "started_at": time.time() - 760,
                "size_bytes": 812_000_000,
                "stages": [
                    {"name": name, "state": state, "progress": 0.6, "seconds": took}
                    for name, state, took in stages
                ],
            },
            partial=said[:12],
        ),
        "waiting": service.add(
            {"name": "lecture-7.mp3", "title": "Lecture 7: Tides and weirs", "state": "PENDING"}
            | {"size_bytes": 96_000_000}
        ),
        "failed": service.add(
            {
                "name": "phone-recording.mp4",
                "state": "FAILED",
                "size_bytes": 3_100_000,
                "error": {
                    "code": "media.unreadable",
                    "message": cut,
                    "remedy": "Copy the recording from the device again, then upload it again.",
                },
            }
        ),
    }
    service.dead_letters.add(service.recordings[ids["failed"]].job, sent_at=time.time() - 7400)
    service.dead_letters.add(sent_at=time.time() - 4000, receives=6)
    problem = "The message is not JSON (Expecting value: line 1 column 1 (char 0))."
    service.dead_letters.add(kind=None, problem=problem, concerns=[], sent_at=time.time() - 900)
    service.dead_letters.hidden = 2
    return ids


def _draw(video: Path, thumbnails: Path) -> None:
    """Draw a river valley for each scene, and join the pictures to a video."""
    ffmpeg = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-y"]
    inputs: list[str] = []
    for number, palette in enumerate(SCENES):
        raw = video.with_name(f"scene-{number}.ppm")
        raw.write_bytes(b"P6 %d %d 255\n" % (WIDTH, HEIGHT) + _valley(number, palette).tobytes())
        inputs += ["-loop", "1", "-framerate", "5", "-t", str(SCENE_SECONDS), "-i", str(raw)]
        small = thumbnails / f"scene-{number + 1:04}.webp"
        command = [*ffmpeg, "-i", str(raw), "-vf", "scale=320:-1", str(small)]
        subprocess.run(command, check=True, timeout=60)
    sound = ["-f", "lavfi", "-i", f"sine=220:d={SCENE_SECONDS * len(SCENES)}"]
    joined = f"concat=n={len(SCENES)}:v=1:a=0,format=yuv420p[v]"
    encoded = ["-map", "[v]", "-map", f"{len(SCENES)}:a", "-preset", "ultrafast", "-g", "5"]
    run = [*ffmpeg, *inputs, *sound, "-filter_complex", joined, *encoded, str(video)]
    subprocess.run(run, check=True, timeout=120)


def _valley(number: int, palette: tuple[tuple[int, int, int], ...]) -> npt.NDArray[np.uint8]:
    """Return a picture of hills, one behind the other, under a low sun."""
    sky, horizon, ground = (np.array(colour, float) for colour in palette)
    x = np.linspace(0, 1, WIDTH)
    y = np.linspace(0, 1, HEIGHT)[:, None]
    picture = sky + (horizon - sky) * (np.clip(y / 0.6, 0, 1) ** 1.6)[..., None]
    picture = np.broadcast_to(picture, (HEIGHT, WIDTH, 3)).copy()
    sun_x, sun_y = 0.2 + 0.12 * number, 0.28 + 0.03 * (number % 3)
    distance = np.hypot((x - sun_x) * WIDTH / HEIGHT, y - sun_y)
    glow = np.clip(1.15 - distance / 0.5, 0, 1) ** 3 * 0.55 + (distance < 0.07) * 0.5
    picture += (255 - picture) * np.clip(glow, 0, 0.92)[..., None]
    for layer in range(6):
        depth = layer / 5
        phase = number * 1.7 + layer * 2.3
        hills = (
            0.5
            + 0.085 * layer
            + (0.07 - 0.006 * layer)
            * (
                np.sin(x * (5 + layer) + phase)
                + 0.4 * np.sin(x * (13 + 3 * layer) + phase * 2)
                + 0.1 * np.sin(x * 47 + phase * 3)
            )
        )
        colour = horizon + (ground - horizon) * (0.25 + 0.75 * depth)
        edge = np.clip((y - hills) * HEIGHT, 0, 1)[..., None]
        picture += (colour - picture) * edge
    drawn: npt.NDArray[np.uint8] = np.clip(picture, 0, 255).astype(np.uint8)
    return drawn


def _documents(spoken: dict[str, Any], duration: float) -> dict[str, Any]:
    sentences = spoken["sentences"]

    def cited(place: int) -> dict[str, Any]:
        return {name: sentences[place][name] for name in ("start_seconds", "speaker")}

    starts = [0.0, *(sentences[place]["start_seconds"] for place, _ in CHAPTERS[1:])]
    ends = [*starts[1:], duration]
    talk = {f"SPEAKER_{n:02}": 0.0 for n in range(3)}
    for sentence in sentences:
        talk[sentence["speaker"]] += sentence["end_seconds"] - sentence["start_seconds"]
    summary = {
        "media": {"duration_seconds": duration, "video": {"width": WIDTH}},
        "language": "en",
        "summary_sections": [
            {
                "title": title,
                "items": [
                    {"text": text, "citations": [cited(place) for place in places]}
                    for text, places in items
                ],
            }
            for title, items in SECTIONS
        ],
        "chapters": [
            {"title": title, "start_seconds": start, "end_seconds": end}
            for (_, title), start, end in zip(CHAPTERS, starts, ends, strict=True)
        ],
        "speakers": [
            {"speaker": who, "name": f"Speaker {n + 1}", "talk_time_seconds": seconds}
            for n, (who, seconds) in enumerate(talk.items())
        ],
        "player_audio": None,
    }
    scenes = [
        {
            "start_seconds": n * SCENE_SECONDS,
            "end_seconds": (n + 1) * SCENE_SECONDS,
            "thumbnail": f"thumbnails/scene-{n + 1:04}.webp",
        }
        for n in range(len(SCENES))
    ]
    loud = [
        (s["start_seconds"], s["end_seconds"], 58 + 9 * (len(s["text"]) % 4)) for s in sentences
    ]
    peaks = []
    for n in range(WAVEFORM_PEAKS):
        at = n * duration / WAVEFORM_PEAKS
        level = next((level for start, end, level in loud if start <= at < end), 6)
        peaks.append(round(level * (0.55 + 0.45 * abs(math.sin(n * 1.7) * math.cos(n * 0.31)))))
    return {
        "waveform.json": {
            "starts_at_seconds": 0.0,
            "seconds_per_peak": duration / WAVEFORM_PEAKS,
            "peaks": peaks,
        },
        "summary.json": summary,
        "scenes.json": {"scenes": scenes},
        "transcript.json": spoken,
    }
