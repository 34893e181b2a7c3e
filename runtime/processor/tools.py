"""The stages that touch media and models, as one value that a composition root chooses."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from runtime.core.contract import Stage
from runtime.core.media import Audio, Diarization, MediaInfo, Scene, Transcript
from runtime.core.ports import Progress
from runtime.processor.models.sentence_embedder import SentenceEmbedder, load_sentence_embedder
from runtime.processor.stages.audio import extract_audio
from runtime.processor.stages.diarize import diarize
from runtime.processor.stages.player_audio import make_player_audio
from runtime.processor.stages.probe import probe
from runtime.processor.stages.scenes import detect_scenes
from runtime.processor.stages.thumbnails import make_thumbnails
from runtime.processor.stages.transcribe import transcribe

DIARIZATION_MODEL = "diarization"
EMBEDDING_MODEL = "minilm-l6"


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaTools:
    """Everything the pipeline needs done to media; `models` names what each stage's output is by.

    A model's name is published with the results and decides whether a checkpoint may be used.
    """

    probe: Callable[[Path], MediaInfo]
    extract_audio: Callable[[Path, MediaInfo, Path, Progress], Audio]
    transcribe: Callable[[Audio, Progress], Transcript]
    diarize: Callable[[Audio, Progress], Diarization]
    detect_scenes: Callable[[Path, MediaInfo, Progress], tuple[Scene, ...]]
    make_thumbnails: Callable[[Path, MediaInfo, Sequence[Scene], Path, Progress], None]
    make_player_audio: Callable[[Path, MediaInfo, Path, Progress], None]
    load_embedder: Callable[[], SentenceEmbedder]
    models: Mapping[Stage, str]


def media_tools(*, models_dir: Path, asr_model: str, threads: int) -> MediaTools:
    """Return the real tools: faster-whisper, pyannote.audio, PySceneDetect, MiniLM.

    Nothing heavy is imported or loaded until a tool is used.
    """

    def hear_words(audio: Audio, on_progress: Progress) -> Transcript:
        return transcribe(
            audio, model_dir=models_dir / asr_model, threads=threads, on_progress=on_progress
        )

    def tell_speakers(audio: Audio, on_progress: Progress) -> Diarization:
        return diarize(
            audio,
            model_dir=models_dir / DIARIZATION_MODEL,
            threads=threads,
            on_progress=on_progress,
        )

    return MediaTools(
        probe=probe,
        extract_audio=extract_audio,
        transcribe=hear_words,
        diarize=tell_speakers,
        detect_scenes=detect_scenes,
        make_thumbnails=make_thumbnails,
        make_player_audio=make_player_audio,
        load_embedder=lambda: load_sentence_embedder(models_dir / EMBEDDING_MODEL),
        models={
            Stage.TRANSCRIBE: asr_model,
            Stage.DIARIZE: DIARIZATION_MODEL,
            Stage.CHUNK: EMBEDDING_MODEL,
            Stage.SUMMARIZE: EMBEDDING_MODEL,
        },
    )
