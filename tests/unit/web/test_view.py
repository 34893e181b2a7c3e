import math
import re
from itertools import combinations
from pathlib import Path

import pytest

from runtime.web.view import jobs, words
from runtime.web.view.edits import compacted
from runtime.web.view.recording import read_recording
from runtime.web.view.transcript import paragraphs, utf16_length

TOKENS = Path("runtime/web/client/styles/tokens.css")


def test_jobs_are_sorted_by_name_with_odd_digits_and_by_length() -> None:
    found = [{"name": name} for name in ("b²", "B 2", "b 10", "9" * 5000, "", "b 2")]
    names = [job["name"] for job in jobs.in_order(found, "name")]
    assert names == ["9" * 5000, "B 2", "b 2", "b 10", "b²", ""]
    lengths = [{"duration_seconds": each} for each in (None, 5.0, 0.0, 7.0)]
    for order, wanted in (("longest", [7.0, 5.0, 0.0, None]), ("shortest", [0.0, 5.0, 7.0, None])):
        assert [job["duration_seconds"] for job in jobs.in_order(lengths, order)] == wanted


def word(text: str, start: float, speaker: str = "SPEAKER_00") -> dict[str, object]:
    return {"text": text, "start_seconds": start, "end_seconds": start + 0.3, "speaker": speaker}


def transcript(*sentences: tuple[str, list[dict[str, object]]]) -> dict[str, object]:
    spoken: list[dict[str, object]] = []
    parts: list[dict[str, object]] = []
    for speaker, found in sentences:
        parts.append(
            {
                "speaker": speaker,
                "first_word": len(spoken),
                "word_count": len(found),
                "start_seconds": found[0]["start_seconds"],
                "end_seconds": found[-1]["end_seconds"],
            }
        )
        spoken.extend(found)
    return {"words": spoken, "sentences": parts}


def test_offsets_count_as_browsers_do_and_words_keep_their_times() -> None:
    found = transcript(("A", [word("Hi 😀", 1.0), word("there.", 2.0)]))
    (paragraph,) = paragraphs(found)
    assert paragraph.text == "Hi 😀 there."
    assert paragraph.times == ((0, 1000, 1300), (6, 2000, 2300))
    assert paragraph.packed() == [[0, 6], [1000, 1000], [300, 300]]
    assert utf16_length("😀") == 2


def test_the_player_learns_which_words_are_doubtful_edited_or_not_shown() -> None:
    found = transcript(("A", [word("Hi", 1), word("\u202e", 2), word("there", 3), word("you.", 4)]))
    spoken = found["words"]
    assert isinstance(spoken, list)
    spoken[2]["probability"] = 0.4
    spoken[3]["edited"] = True
    data = read_recording({}, None, found).player_data()
    assert [data[name] for name in ("doubtful", "edited", "hidden")] == [[2], [3], [1]]


def test_ids_of_words_are_runs_and_those_of_inserted_words_stay() -> None:
    ids = ["0", "1", "5.0", "2", "4", "5"]
    words = [{"id": each, "first": each in ("0", "4")} for each in ids]
    names = ("revision", "can_undo", "can_redo", "entries", "names", "speakers")
    summary = [{"section": 0, "item": 1, "name": "overview", "found": "A.", "text": None}]
    compact = compacted({**dict.fromkeys(names), "words": words, "summary": summary})
    assert compact["summary"] == [{"section": 0, "item": 1, "text": None}]
    assert compact["ids"] == [[0, 2], "5.0", [2, 1], [4, 2]]
    assert compact["sentences"] == [0, 4]


def test_unspaced_scripts_are_joined_without_spaces() -> None:
    (paragraph,) = paragraphs(transcript(("A", [word("欢迎", 1), word("来到", 2), word("ABC", 3)])))
    assert paragraph.text == "欢迎来到 ABC"
    assert [offset for offset, _, _ in paragraph.times] == [0, 2, 5]


def test_a_paragraph_ends_with_its_speaker_and_at_long_pauses() -> None:
    found = transcript(
        ("A", [word("One.", 1)]), ("A", [word("Two.", 2)]), ("B", [word("Three.", 3)]),
        ("B", [word("Four.", 9)]),
    )  # fmt: skip
    assert [p.text for p in paragraphs(found)] == ["One. Two.", "Three.", "Four."]


def test_overrides_of_direction_leave_a_transcript() -> None:
    (paragraph,) = paragraphs(transcript(("A", [word("\u202eevil\u0007", 1)])))
    assert paragraph.text == "evil"


def test_a_recording_without_optional_fields_is_read() -> None:
    recording = read_recording({}, None, None)
    assert recording.player_data()["words"] == []
    assert recording.speaker("UNKNOWN").name == "Unknown"


def test_a_summary_in_sections_keeps_its_citations() -> None:
    item = {"text": "Buy boats.", "citations": [{"start_seconds": 3.0}], "owner": "Ann"}
    summary = {"summary_sections": [{"title": "Decisions", "items": [item]}, {"items": []}]}
    (section,) = read_recording(summary, None, None).sections
    assert (section.title, section.items[0].note) == ("Decisions", "Ann")
    assert section.items[0].citations == ({"start_seconds": 3.0},)


@pytest.mark.parametrize(
    ("seconds", "shown", "said"),
    [
        (0, "0:00", "0 s"),
        (75, "1:15", "1 min"),
        (3723, "1:02:03", "1 h 2 min"),
        (7200, "2:00:00", "2 h"),
    ],
)
def test_times_are_written_as_people_write_them(seconds: float, shown: str, said: str) -> None:
    assert (words.clock(seconds), words.length(seconds)) == (shown, said)


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (4_694_723, "4.7 MB"), (8e11, "800 GB")],
)
def test_sizes_are_written_with_their_unit(count: float, text: str) -> None:
    assert words.size(count) == text


def test_progress_is_estimated_from_stages_where_none_is_reported() -> None:
    stages = [
        {"name": "fetch", "state": "done", "progress": None},
        {"name": "transcribe", "state": "running", "progress": 0.5},
        {"name": "diarize", "state": "pending", "progress": None},
    ]
    job = {"state": "RUNNING", "progress": None, "stages": stages}
    assert jobs.percent(job) == round((1 + 6) / 19 * 100)
    assert jobs.percent({**job, "progress": 0.999}) == 99


def test_the_time_left_is_shown_once_it_means_something() -> None:
    job = {"state": "RUNNING", "progress": 0.5, "started_at": 1000.0}
    assert jobs.time_left(job, 1060.0) == "about 1 min left"
    assert jobs.time_left({**job, "progress": 0.05}, 1060.0) == ""
    waited = {**job, "started_at": None, "created_at": 1000.0, "updated_at": 1060.0}
    assert jobs.time_left(waited, 1060.0) == ""


def test_what_something_waits_for_is_said_in_words() -> None:
    waiting = {"state": "PENDING", "waiting_for": "launch.capacity"}
    assert jobs.detail(waiting) == "Waits for free capacity"
    assert "aws.unknown" in jobs.detail({**waiting, "waiting_for": "aws.unknown"})


def colours(theme: int) -> list[tuple[float, float, float]]:
    found = re.findall(r"--s\d: light-dark\((#\w{6}), (#\w{6})\)", TOKENS.read_text())
    return [linear(pair[theme]) for pair in found]


def linear(colour: str) -> tuple[float, float, float]:
    values = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values)
    return red, green, blue


# Machado, Oliveira and Fernandes (2009), severity 1: protanopia and deuteranopia.
BLINDNESS = (
    (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
)


def lab(rgb: tuple[float, ...]) -> tuple[float, float, float]:
    """Return the colour in OKLab (Ottosson 2020)."""
    r, g, b = (max(0.0, value) for value in rgb)
    x, y, z = (
        math.cbrt(value)
        for value in (
            0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b,
            0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b,
            0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b,
        )
    )
    return (
        0.2104542553 * x + 0.7936177850 * y - 0.0040720468 * z,
        1.9779984951 * x - 2.4285922050 * y + 0.4505937099 * z,
        0.0259040371 * x + 0.7827717662 * y - 0.8086757660 * z,
    )


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("blindness", BLINDNESS, ids=["protanopia", "deuteranopia"])
def test_the_first_four_speakers_differ_for_the_colour_blind(
    theme: int, blindness: tuple[tuple[float, ...], ...]
) -> None:
    seen = [
        lab(tuple(sum(row[i] * colour[i] for i in range(3)) for row in blindness))
        for colour in colours(theme)[:4]
    ]
    assert min(math.dist(a, b) for a, b in combinations(seen, 2)) > 0.1


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_speakers_names_have_the_contrast_of_text(theme: int) -> None:
    text = TOKENS.read_text()
    grounds = [
        re.search(rf"--{n}: light-dark\((#\w+), (#\w+)\)", text)
        for n in ("paper", "surface", "sunken")
    ]

    def luminance(rgb: tuple[float, float, float]) -> float:
        return 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]

    for ground in grounds:
        assert ground is not None
        behind = luminance(linear(ground.groups()[theme]))
        for colour in colours(theme):
            bright, dark = sorted((behind, luminance(colour)), reverse=True)
            assert (bright + 0.05) / (dark + 0.05) >= 4.5
