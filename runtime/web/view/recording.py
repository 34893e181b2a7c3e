"""A finished recording as the player needs it: speakers, chapters, scenes, summary and words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from runtime.core.safe_text import one_line
from runtime.web.view.transcript import Paragraph, paragraphs, steps
from runtime.web.view.words import clean

SPEAKER_COLOURS = 8
"""Colours in the style sheet; more speakers use them again, with another number."""

MAX_SCENES_IN_STRIP = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """A voice: `number` counts from 1, `colour` from 0; None is for words without a voice."""

    id: str
    name: str
    number: int
    colour: int | None
    seconds: float
    share: float
    words: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A sentence of the summary and the moments that it cites."""

    text: str
    citations: tuple[dict[str, Any], ...]
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the summary."""

    title: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What a player page shows of `summary.json`, `scenes.json` and `transcript.json`."""

    duration_seconds: float
    has_video: bool
    language: str | None
    speakers: tuple[Speaker, ...]
    chapters: tuple[dict[str, Any], ...]
    sections: tuple[Section, ...]
    scenes: tuple[dict[str, Any], ...]
    warnings: tuple[dict[str, Any], ...]
    paragraphs: tuple[Paragraph, ...]
    audio: str | None

    @property
    def has_pictures(self) -> bool:
        """Whether any scene has a thumbnail."""
        return any(scene.get("thumbnail") for scene in self.scenes)

    def speaker(self, identity: str) -> Speaker:
        """Return the speaker; unknown ones are without a name."""
        for speaker in self.speakers:
            if speaker.id == identity:
                return speaker
        return Speaker(
            id=identity, name="Unknown", number=0, colour=None, seconds=0, share=0, words=0
        )

    def chapter_at(self, seconds: float) -> int | None:
        """Return the index of the chapter that a time lies in."""
        found = [i for i, c in enumerate(self.chapters) if c["start_seconds"] <= seconds]
        return found[-1] if found else None

    def player_data(self) -> dict[str, Any]:
        """Return the numbers that the player's scripts need."""
        index = {speaker.id: place for place, speaker in enumerate(self.speakers)}
        step = max(1, -(-len(self.scenes) // MAX_SCENES_IN_STRIP))
        return {
            "duration": self.duration_seconds,
            "speakers": [
                {"id": s.id, "name": s.name, "colour": s.colour, "number": s.number}
                for s in self.speakers
            ],
            "chapters": [[c["start_seconds"], c["end_seconds"], c["title"]] for c in self.chapters],
            "scenes": [
                [scene["start_seconds"], scene["end_seconds"], scene.get("thumbnail")]
                for scene in self.scenes[::step]
            ],
            "turns": [
                [index.get(p.speaker, -1), p.times[0][1], p.times[-1][2]] for p in self.paragraphs
            ],
            "words": [paragraph.packed() for paragraph in self.paragraphs],
            **self._places(),
        }

    def _places(self) -> dict[str, list[int]]:
        """Return which words are doubtful or edited, and which words are not shown."""
        doubtful = sorted(place for p in self.paragraphs for place in p.doubtful)
        edited = sorted(place for p in self.paragraphs for place in p.edited)
        shown = {place for p in self.paragraphs for place in p.words}
        hidden = [place for place in range(max(shown, default=-1) + 1) if place not in shown]
        return {"doubtful": steps(doubtful), "edited": steps(edited), "hidden": hidden}


def read_recording(
    summary: dict[str, Any], scenes: dict[str, Any] | None, transcript: dict[str, Any] | None
) -> Recording:
    """Return the recording; missing files and fields count as nothing found."""
    media = summary.get("media") or {}
    found = (scenes or {}).get("scenes") or summary.get("scenes") or []
    return Recording(
        duration_seconds=float(media.get("duration_seconds") or 0.0),
        has_video=media.get("video") is not None,
        language=summary.get("language"),
        speakers=_speakers(summary.get("speakers") or []),
        chapters=tuple(
            {**chapter, "title": one_line(str(chapter.get("title") or ""))}
            for chapter in summary.get("chapters") or []
        ),
        sections=_sections(summary),
        scenes=tuple(found),
        warnings=tuple(summary.get("warnings") or []),
        paragraphs=tuple(paragraphs(transcript or {})),
        audio=summary.get("player_audio"),
    )


def _sections(summary: dict[str, Any]) -> tuple[Section, ...]:
    """Return the parts of a summary; older results have one, whose sentences are quotes."""
    parts = summary.get("summary_sections") or [
        {"title": "Summary", "items": summary.get("summary") or []}
    ]
    found = (
        Section(
            title=one_line(str(part.get("title") or "Summary")),
            items=tuple(_item(item) for item in part.get("items") or []),
        )
        for part in parts
    )
    return tuple(section for section in found if section.items)


def _item(item: dict[str, Any]) -> Item:
    notes = [str(item[name]) for name in ("owner", "due") if item.get(name)]
    citations = item.get("citations")
    if not citations:
        citations = [item] if item.get("start_seconds") is not None else []
    return Item(
        text=clean(str(item.get("text") or "")),
        citations=tuple(citations),
        note=one_line(", ".join(notes)),
    )


def _speakers(found: Sequence[dict[str, Any]]) -> tuple[Speaker, ...]:
    total = sum(float(item.get("talk_time_seconds") or 0) for item in found) or 1.0
    speakers: list[Speaker] = []
    for place, item in enumerate(found):
        seconds = float(item.get("talk_time_seconds") or 0)
        speakers.append(
            Speaker(
                id=str(item["speaker"]),
                name=one_line(str(item.get("name") or f"Speaker {place + 1}")),
                number=place + 1,
                colour=place % SPEAKER_COLOURS,
                seconds=seconds,
                share=seconds / total,
                words=int(item.get("word_count") or 0),
            )
        )
    return tuple(speakers)
