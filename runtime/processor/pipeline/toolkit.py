"""The operations that touch media and models, as one value that a composition root chooses."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from runtime.core.contract import Channels, Device, LeaveOut, Option, Quality, SceneModel, Stage
from runtime.core.jobs import Source
from runtime.core.media import Audio, Diarization, MediaInfo, Scene, TimeRange, Transcript, Upload
from runtime.core.options import JobOptions
from runtime.core.ports import ObjectStore, Progress
from runtime.core.telemetry import Telemetry
from runtime.processor.checkpoints.artifacts import StageOutput
from runtime.processor.checkpoints.increments import Increments
from runtime.processor.checkpoints.store import Checkpoints
from runtime.processor.decoder.decoder import Decoder
from runtime.processor.host.resources import Capacity
from runtime.processor.media.limits import MediaLimits
from runtime.processor.models.exported import EXPORTED, has_exported_networks
from runtime.processor.models.presets import preset_of, require_model, require_translation
from runtime.processor.models.sentence_embedder import SentenceEmbedder, load_sentence_embedder
from runtime.processor.models.whisper import Engine
from runtime.processor.pipeline.graph import Cost
from runtime.processor.pipeline.preloading import Preloading
from runtime.processor.stages.diarize import DiarizeOptions, diarize, preload_diarization
from runtime.processor.stages.transcribe import TranscribeOptions, preload_whisper, transcribe
from runtime.processor.stages.waveform import draw_waveform
from runtime.processor.summaries.writer import QUOTES_ONLY, SummaryWriter

DIARIZATION_MODEL = "diarization"
EMBEDDING_MODEL = "minilm-l6"


@dataclass(frozen=True, slots=True, kw_only=True)
class Toolkit:
    """All operations on media, with the machine's `capacity` and each stage's cost.

    `preload` begins to load the models of the long stages. `models` names the model of each stage.
    The name is published with the results and decides, like `settings`, whether a checkpoint may be
    used. `make_player_audio` puts a tone over the stretches that are its last argument.
    """

    probe: Callable[[Upload], StageOutput[MediaInfo]]
    extract_audio: Callable[[Path, MediaInfo, Path, Progress], StageOutput[Audio]]
    transcribe: Callable[[Audio, JobOptions, Progress, Increments], Transcript]
    diarize: Callable[[Audio, JobOptions, Progress, Increments], Diarization]
    detect_scenes: Callable[[Path, MediaInfo, Progress, Increments], StageOutput[tuple[Scene, ...]]]
    make_thumbnails: Callable[
        [Path, MediaInfo, tuple[Scene, ...], Path, Progress, Increments], None
    ]
    make_player_audio: Callable[
        [Path, MediaInfo, Path, Progress, tuple[TimeRange, ...] | None], None
    ]
    draw_waveform: Callable[[Audio, Path], None]
    load_embedder: Callable[[], SentenceEmbedder]
    models: Mapping[Stage, str]
    costs: Mapping[Stage, Cost]
    capacity: Capacity
    limits: MediaLimits
    settings: Mapping[Stage, str]
    checkpoint_seconds: float
    summaries: SummaryWriter = QUOTES_ONLY
    adapt: "Callable[[JobOptions], Toolkit] | None" = None
    preload: Callable[[], None] = lambda: None

    def for_job(self, options: JobOptions) -> "Toolkit":
        """Return the toolkit that follows a job's options; raise `Permanent` `options.*`."""
        return self if self.adapt is None else self.adapt(options)

    def settings_for(self, options: JobOptions) -> dict[Stage, str]:
        """Return all that each stage's output depends on besides its input."""
        by_options = {
            Stage.TRANSCRIBE: f"{options.languages} {options.vocabulary}"
            + (f" translate {options.translate}" if options.translate else ""),
            Stage.DIARIZE: f"{options.min_speakers} {options.max_speakers}"
            + (" none" if LeaveOut.SPEAKERS in options.leave_out else ""),
            Stage.SUMMARIZE: f"{options.summary_kind} {options.summary_language} "
            + self.summaries.identity,
        }
        stages = {*self.models, *self.settings, *by_options}
        return {
            stage: "; ".join(
                part.get(stage, "") for part in (self.models, self.settings, by_options)
            )
            for stage in stages
        }

    def cost(self, stage: Stage) -> Cost:
        """Return a stage's cost; a stage that is not listed costs little."""
        return self.costs.get(stage, Cost())


@dataclass(frozen=True, slots=True, kw_only=True)
class JobContext:
    """One attempt's upload, options, tools and stores; `folder` is its scratch folder."""

    source: Source
    attempt: int
    options: JobOptions
    toolkit: Toolkit
    objects: ObjectStore
    checkpoints: Checkpoints
    folder: Path
    telemetry: Telemetry


def build_toolkit(
    *,
    models_dir: Path,
    asr_model: str,
    capacity: Capacity,
    threads: int,
    decoder: Decoder,
    checkpoint_seconds: float,
    device: Device = Device.CPU,
    quality: Quality = Quality.BALANCED,
    summaries: SummaryWriter = QUOTES_ONLY,
    known_voices: bool = False,
) -> Toolkit:
    """Return the toolkit of faster-whisper, pyannote.audio, PySceneDetect and MiniLM.

    Only the decoder's children read the upload's bytes. Each model uses `threads` threads whatever
    runs beside it, so that results do not depend on what else is to run. A unit of a long stage
    takes about `checkpoint_seconds`. Transcription runs on `device`, everything else on the CPU.
    `quality` is that of jobs that ask for none; see `models.presets`. With `known_voices` the
    voices of speakers are kept. Raises `Permanent`
    `options.no_model`.
    Nothing heavy is imported or loaded before its first use.
    """
    preset = preset_of(quality, models_dir=models_dir, asr_model=asr_model)

    def adapt(options: JobOptions) -> Toolkit:
        if options.scene_model is SceneModel.TRANSNETV2:
            require_model(
                SceneModel.TRANSNETV2,
                models_dir,
                option=Option.SCENE_MODEL,
                value=options.scene_model,
            )
        if options.translate is not None:
            asked = options.quality or quality
            require_translation(preset_of(asked, models_dir=models_dir, asr_model=asr_model).model)
        return build_toolkit(
            models_dir=models_dir,
            asr_model=asr_model,
            capacity=capacity,
            threads=threads,
            decoder=decoder.for_job(options),
            checkpoint_seconds=checkpoint_seconds,
            device=device,
            quality=options.quality or quality,
            summaries=summaries,
            known_voices=known_voices,
        )

    def run_transcribe(
        audio: Audio, options: JobOptions, on_progress: Progress, increments: Increments
    ) -> Transcript:
        preloading.wait(Stage.TRANSCRIBE)
        return transcribe(
            audio,
            model_dir=models_dir / preset.model,
            threads=threads,
            on_progress=on_progress,
            options=TranscribeOptions(
                languages=options.languages,
                vocabulary=options.vocabulary,
                beam_size=preset.beam_size,
                window_work_seconds=checkpoint_seconds,
                translate=options.translate is not None,
            ),
            increments=increments,
            device=device,
        )

    def run_diarize(
        audio: Audio, options: JobOptions, on_progress: Progress, increments: Increments
    ) -> Diarization:
        preloading.wait(Stage.DIARIZE)
        return diarize(
            audio,
            model_dir=models_dir / DIARIZATION_MODEL,
            threads=threads,
            on_progress=on_progress,
            options=DiarizeOptions(
                min_speakers=options.min_speakers,
                max_speakers=options.max_speakers,
                voices=known_voices,
            ),
            increments=increments,
        )

    preloading = Preloading(
        {
            Stage.TRANSCRIBE: lambda: preload_whisper(
                models_dir / preset.model, Engine(device=device, threads=threads)
            ),
            Stage.DIARIZE: lambda: preload_diarization(models_dir / DIARIZATION_MODEL),
        }
    )
    return Toolkit(
        preload=preloading.start,
        probe=decoder.probe,
        extract_audio=decoder.extract_audio,
        transcribe=run_transcribe,
        diarize=run_diarize,
        detect_scenes=decoder.detect_scenes,
        make_thumbnails=decoder.make_thumbnails,
        make_player_audio=decoder.make_player_audio,
        draw_waveform=draw_waveform,
        load_embedder=lambda: load_sentence_embedder(models_dir / EMBEDDING_MODEL),
        models={
            Stage.TRANSCRIBE: preset.model,
            Stage.DIARIZE: DIARIZATION_MODEL,
            Stage.SCENES: decoder.scene_model,
            Stage.CHUNK: EMBEDDING_MODEL,
            Stage.SUMMARIZE: EMBEDDING_MODEL,
        },
        costs={
            Stage.PROBE: Cost(cores=1, memory_mb=500),
            Stage.AUDIO: Cost(cores=1, memory_mb=300),
            Stage.TRANSCRIBE: Cost(cores=threads, memory_mb=1500),
            Stage.DIARIZE: Cost(cores=threads, memory_mb=2000),
            Stage.SCENES: Cost(
                cores=1 if decoder.scene_model is SceneModel.ADAPTIVE else threads, memory_mb=1000
            ),
            Stage.THUMBNAILS: Cost(cores=1, memory_mb=1000),
            Stage.PLAYER_AUDIO: Cost(cores=1, memory_mb=300),
            Stage.CHUNK: Cost(cores=threads, memory_mb=700),
            Stage.SUMMARIZE: Cost(cores=threads, memory_mb=700),
        },
        capacity=capacity,
        limits=decoder.limits,
        settings={
            Stage.PROBE: decoder.audio_track,
            # Another device has other number formats and may give other words.
            Stage.AUDIO: "" if decoder.channels is Channels.AUTO else decoder.channels,
            Stage.TRANSCRIBE: f"{checkpoint_seconds} {preset.beam_size}"
            + ("" if device is Device.CPU else f" {device}"),
            # Exported networks compute other voices than pyannote.audio, in other blocks.
            Stage.DIARIZE: (
                EXPORTED if has_exported_networks(models_dir / DIARIZATION_MODEL) else ""
            )
            + (" voices" if known_voices else ""),
        },
        summaries=summaries,
        checkpoint_seconds=checkpoint_seconds,
        adapt=adapt,
    )
