"""The speech recognition model and its decoding for each quality that a job may ask for."""

from dataclasses import dataclass
from pathlib import Path

from runtime.core.contract import OPTION_PREFIX, Option, Quality
from runtime.core.errors import Permanent

FAST_MODEL = "whisper-base"
BEST_MODEL = "whisper-large-v3-turbo"

_NOT_TRANSLATING = ("turbo", "distil")

# faster-whisper's own default; a beam of 1 takes two thirds of the time (docs/performance.md).
_BEAM_SIZE, _FAST_BEAM_SIZE = 5, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A model's folder below the models, and the width of its beam search."""

    model: str
    beam_size: int


def preset_of(quality: Quality, *, models_dir: Path, asr_model: str) -> Preset:
    """Return the preset of a quality; `asr_model` is the environment's model.

    `balanced` is that model. `fast` searches less, with the base model where there is one. Raises
    `Permanent` `options.no_model` where the model of `best` is missing.
    """
    match quality:
        case Quality.FAST:
            has_base = (models_dir / FAST_MODEL).is_dir()
            return Preset(model=FAST_MODEL if has_base else asr_model, beam_size=_FAST_BEAM_SIZE)
        case Quality.BALANCED:
            return Preset(model=asr_model, beam_size=_BEAM_SIZE)
        case Quality.BEST:
            require_model(BEST_MODEL, models_dir, option=Option.QUALITY, value=quality)
            return Preset(model=BEST_MODEL, beam_size=_BEAM_SIZE)


def require_model(name: str, models_dir: Path, *, option: Option, value: str) -> None:
    """Raise `Permanent` `options.no_model` where a job asks for a model that is missing."""
    if not (models_dir / name).is_dir():
        raise Permanent(
            "options.no_model",
            f"{OPTION_PREFIX}{option}={value} needs the model {name}, which this image does not "
            "hold.",
            f"Build the image with the model (--asr-model {name}) and deploy it, or ask for "
            "something else; then retry the job.",
        )


def require_translation(model: str) -> None:
    """Raise `Permanent` `options.no_translation` for a model that writes only what is spoken.

    Models of English alone know no other language; turbo and distilled ones were not trained to
    translate.
    """
    if model.endswith(".en") or any(name in model for name in _NOT_TRANSLATING):
        raise Permanent(
            "options.no_translation",
            f"{OPTION_PREFIX}{Option.TRANSLATE} needs a model that translates, and {model} does "
            "not.",
            "Ask for the quality of another model, such as balanced with whisper-base, or leave "
            "the option out; then retry the job.",
        )
