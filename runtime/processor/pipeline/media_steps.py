"""Steps that read the upload or its sound: fetch, probe, audio, words, speakers, scenes, files."""

from collections.abc import Callable
from pathlib import Path

from runtime.core.contract import LeaveOut, ResultFile, Stage
from runtime.core.media import (
    Audio,
    Diarization,
    MediaInfo,
    PublishedFile,
    Scene,
    Sound,
    Transcript,
    Upload,
)
from runtime.core.ports import Progress
from runtime.processor.checkpoints.artifacts import (
    DIARIZATION,
    MEDIA,
    PLAYER_AUDIO,
    SCENES,
    SOUND,
    THUMBNAILS,
    TRANSCRIPT,
    StageOutput,
)
from runtime.processor.pipeline.graph import StageOutputs, Step
from runtime.processor.pipeline.toolkit import JobContext
from runtime.processor.stages.fetch import fetch
from runtime.processor.stages.publish import publish_folder
from runtime.results.warnings import (
    AUDIO_FAILED,
    PLAYER_AUDIO_FAILED,
    SCENES_FAILED,
    SPEAKERS_FAILED,
    THUMBNAILS_FAILED,
)

NO_WORDS = Transcript(language=None, language_probability=0.0, words=())
NO_TURNS = Diarization(turns=(), exclusive_turns=())
NO_SOUND = Sound(starts_at_seconds=0.0, duration_seconds=0.0)

PublishedFiles = StageOutput[tuple[PublishedFile, ...]]


def duration_seconds(given: StageOutputs) -> float:
    """Return the length of the decoded media: the later end of sound and picture."""
    scenes: tuple[Scene, ...] = given.get(Stage.SCENES, ())
    sound: Sound = given.get(Stage.AUDIO, NO_SOUND)
    return max([sound.end_seconds, *(scene.end_seconds for scene in scenes)])


def opening_steps(job: JobContext) -> tuple[Step, ...]:
    """Return the steps that find out what the upload holds, which decides about all others."""

    def run_fetch(_: StageOutputs, on_progress: Progress) -> StageOutput[Path]:
        job.toolkit.limits.check_size(job.source.key, job.source.size_bytes)
        path = fetch(job.source, objects=job.objects, folder=job.folder, on_progress=on_progress)
        return StageOutput(value=path)

    def run_probe(given: StageOutputs, _: Progress) -> StageOutput[MediaInfo]:
        return job.toolkit.probe(Upload(path=given[Stage.FETCH], key=job.source.key))

    return (
        Step(stage=Stage.FETCH, run=run_fetch, leaves_file=True),
        Step(
            stage=Stage.PROBE,
            run=run_probe,
            needs=(Stage.FETCH,),
            files=(Stage.FETCH,),
            artifact=MEDIA,
            cost=job.toolkit.cost(Stage.PROBE),
        ),
    )


def speech_steps(job: JobContext, media: MediaInfo) -> tuple[Step, ...]:
    """Return the steps that extract the sound, transcribe it and find its speakers."""
    toolkit, path = job.toolkit, _audio_path(job)

    def extract_audio(given: StageOutputs, on_progress: Progress) -> StageOutput[Sound]:
        audio = toolkit.extract_audio(given[Stage.FETCH], media, path, on_progress)
        return StageOutput(value=audio.value.sound, warnings=audio.warnings)

    def without_sound(error: Exception) -> StageOutput[Sound]:
        if media.video is None:
            raise error
        return StageOutput(value=NO_SOUND, warnings=(AUDIO_FAILED,))

    def transcribe(given: StageOutputs, on_progress: Progress) -> StageOutput[Transcript]:
        audio, increments = _extracted(job, given), job.checkpoints.increments(TRANSCRIPT)
        if audio is None:
            return StageOutput(value=NO_WORDS)
        return StageOutput(value=toolkit.transcribe(audio, job.options, on_progress, increments))

    def diarize(given: StageOutputs, on_progress: Progress) -> StageOutput[Diarization]:
        audio, increments = _extracted(job, given), job.checkpoints.increments(DIARIZATION)
        if audio is None or LeaveOut.SPEAKERS in job.options.leave_out:
            return StageOutput(value=NO_TURNS)
        if audio.parties is not None:
            return StageOutput(value=audio.parties)
        return StageOutput(value=toolkit.diarize(audio, job.options, on_progress, increments))

    return (
        Step(
            stage=Stage.AUDIO,
            run=extract_audio,
            needs=(Stage.FETCH, Stage.PROBE),
            files=(Stage.FETCH,),
            artifact=SOUND,
            leaves_file=True,
            cost=toolkit.cost(Stage.AUDIO),
            fallback=without_sound,
        ),
        Step(
            stage=Stage.TRANSCRIBE,
            run=transcribe,
            needs=(Stage.AUDIO,),
            files=(Stage.AUDIO,),
            artifact=TRANSCRIPT,
            cost=toolkit.cost(Stage.TRANSCRIBE),
        ),
        Step(
            stage=Stage.DIARIZE,
            run=diarize,
            needs=(Stage.AUDIO,),
            files=(Stage.AUDIO,),
            artifact=DIARIZATION,
            cost=toolkit.cost(Stage.DIARIZE),
            fallback=lambda _: StageOutput(value=NO_TURNS, warnings=(SPEAKERS_FAILED,)),
        ),
    )


def picture_steps(job: JobContext, media: MediaInfo) -> tuple[Step, ...]:
    """Return the steps that detect scenes and make a thumbnail of each."""
    toolkit = job.toolkit

    def detect_scenes(given: StageOutputs, on_progress: Progress) -> StageOutput[tuple[Scene, ...]]:
        increments = job.checkpoints.increments(SCENES)
        return toolkit.detect_scenes(given[Stage.FETCH], media, on_progress, increments)

    def without_picture(error: Exception) -> StageOutput[tuple[Scene, ...]]:
        if media.audio is None:
            raise error
        return StageOutput(value=(), warnings=(SCENES_FAILED,))

    def make_thumbnails(given: StageOutputs, on_progress: Progress) -> PublishedFiles:
        upload, scenes = given[Stage.FETCH], given[Stage.SCENES]
        increments = job.checkpoints.increments(THUMBNAILS)

        def make(folder: Path, on_progress: Progress) -> None:
            toolkit.make_thumbnails(upload, media, scenes, folder, on_progress, increments)

        return _make_and_publish(job, "pictures", make, on_progress)

    return (
        Step(
            stage=Stage.SCENES,
            run=detect_scenes,
            needs=(Stage.FETCH, Stage.PROBE),
            files=(Stage.FETCH,),
            artifact=SCENES,
            leaves_file=True,
            cost=toolkit.cost(Stage.SCENES),
            fallback=without_picture,
        ),
        Step(
            stage=Stage.THUMBNAILS,
            run=make_thumbnails,
            needs=(Stage.FETCH, Stage.SCENES),
            files=(Stage.FETCH, Stage.SCENES),
            artifact=THUMBNAILS,
            cost=toolkit.cost(Stage.THUMBNAILS),
            fallback=lambda _: StageOutput(value=(), warnings=(THUMBNAILS_FAILED,)),
        ),
    )


def player_audio_step(job: JobContext, media: MediaInfo) -> Step:
    """Return the step that makes the sound file for players, and its waveform."""

    def make_player_audio(given: StageOutputs, on_progress: Progress) -> PublishedFiles:
        audio = _extracted(job, given)

        def make(folder: Path, on_progress: Progress) -> None:
            job.toolkit.make_player_audio(given[Stage.FETCH], media, folder, on_progress, None)
            if audio is not None:
                job.toolkit.draw_waveform(audio, folder / ResultFile.WAVEFORM)

        return _make_and_publish(job, "sound", make, on_progress)

    return Step(
        stage=Stage.PLAYER_AUDIO,
        run=make_player_audio,
        needs=(Stage.FETCH, Stage.PROBE, Stage.AUDIO),
        files=(Stage.FETCH, Stage.AUDIO),
        artifact=PLAYER_AUDIO,
        cost=job.toolkit.cost(Stage.PLAYER_AUDIO),
        fallback=lambda _: StageOutput(value=(), warnings=(PLAYER_AUDIO_FAILED,)),
    )


def _audio_path(job: JobContext) -> Path:
    return job.folder / "audio.wav"


def _extracted(job: JobContext, given: StageOutputs) -> Audio | None:
    sound: Sound = given[Stage.AUDIO]
    return Audio.at(_audio_path(job), sound) if sound.duration_seconds > 0 else None


def _make_and_publish(
    job: JobContext, name: str, make: Callable[[Path, Progress], None], on_progress: Progress
) -> PublishedFiles:
    """Publish the files that `make` writes into a folder; each half is half of the progress."""
    folder = job.folder / name
    folder.mkdir(exist_ok=True)
    make(folder, lambda fraction: on_progress(fraction / 2))
    files = publish_folder(
        folder,
        job.source,
        attempt=job.attempt,
        objects=job.objects,
        on_progress=lambda fraction: on_progress((1 + fraction) / 2),
    )
    return StageOutput(value=files)
