"""Voice prompts of a telephone system: what was recorded in five languages, and its text.

The recordings are those of Asterisk (CC-BY-SA-3.0), read by one person in each language.
"""

import gzip
import re
from dataclasses import dataclass

import numpy as np

from scripts.sample_media.debian import unpack
from scripts.sample_media.ffmpeg import decode_speech
from scripts.sample_media.speech import SAMPLE_RATE, Samples
from scripts.setup.commands import cache_folder

VOICES = {
    "en": "en_US_f_Allison",
    "es": "es_MX_f_Allison",
    "fr": "fr_CA_f_June",
    "it": "it_IT_m_Carlo",
    "ru": "ru_RU_f_IvrvoiceRU",
}
PACKAGES = tuple(
    f"asterisk-core-sounds-{language}{kind}" for language in VOICES for kind in ("", "-g722")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One recording, mono at `SAMPLE_RATE`, and the words in it."""

    language: str
    name: str
    samples: Samples
    text: str

    @property
    def seconds(self) -> float:
        """Its length."""
        return len(self.samples) / SAMPLE_RATE


class Prompts:
    """The prompts of all languages; raises `UnavailableError` where Debian cannot be reached."""

    def __init__(self) -> None:
        self._folder = unpack(PACKAGES, cache_folder() / "debian-prompts")

    def read(self, language: str, name: str) -> Prompt:
        """Return a prompt with its silent ends cut off."""
        path = self._folder / "usr/share/asterisk/sounds" / VOICES[language] / f"{name}.g722"
        return Prompt(
            language=language,
            name=name,
            samples=_without_silence(decode_speech(path)),
            text=self._texts(language)[name],
        )

    def _texts(self, language: str) -> dict[str, str]:
        package = f"asterisk-core-sounds-{language}"
        path = self._folder / "usr/share/doc" / package / f"core-sounds-{language}.txt.gz"
        with gzip.open(path, "rt", encoding="utf-8", errors="replace") as file:
            lines = (line.split(":", 1) for line in file if ":" in line and line[:1] != ";")
            return {name.strip(): _spoken(name, text) for name, text in lines}


def _spoken(name: str, text: str) -> str:
    """Return a text without the remarks and repeated names of some lists."""
    return re.sub(r"\([^)]*\)", "", text.replace(f"{name}:", "")).strip()


def _without_silence(samples: Samples) -> Samples:
    loud = np.flatnonzero(np.abs(samples) > 0.01)  # noqa: PLR2004 - -40 dB: what is not background
    return samples[loud[0] : loud[-1] + 1] if len(loud) else samples
