"""Pictures and sound made of the video, each published as soon as it is made."""

from collections.abc import Callable
from pathlib import Path

from runtime.core.contract import Stage
from runtime.core.media import MediaInfo, PublishedFile
from runtime.core.ports import Progress
from runtime.processor.checkpoints.artifacts import StageOutput
from runtime.processor.pipeline.context import Work
from runtime.processor.pipeline.graph import Inputs, Step
from runtime.processor.products import PLAYER_AUDIO, THUMBNAILS
from runtime.processor.stages.publish import publish_folder
from runtime.results.warnings import PLAYER_AUDIO_FAILED, THUMBNAILS_FAILED

MadeFiles = StageOutput[tuple[PublishedFile, ...]]


def pictures(work: Work, media: MediaInfo) -> Step:
    """Return the step that makes a picture of each scene."""

    def make(given: Inputs, on_progress: Progress) -> MadeFiles:
        upload, scenes = given[Stage.FETCH], given[Stage.SCENES]
        increments = work.checkpoints.increments(THUMBNAILS)
        return _published(
            work,
            "pictures",
            lambda folder, report: work.tools.make_thumbnails(
                upload, media, scenes, folder, report, increments
            ),
            on_progress,
        )

    return Step(
        stage=Stage.THUMBNAILS,
        run=make,
        needs=(Stage.FETCH, Stage.SCENES),
        files=(Stage.FETCH,),
        artifact=THUMBNAILS,
        cost=work.tools.cost(Stage.THUMBNAILS),
        instead=lambda _: StageOutput(value=(), warnings=(THUMBNAILS_FAILED,)),
    )


def player_audio(work: Work, media: MediaInfo) -> Step:
    """Return the step that makes the sound for players."""

    def make(given: Inputs, on_progress: Progress) -> MadeFiles:
        upload = given[Stage.FETCH]
        return _published(
            work,
            "sound",
            lambda folder, report: work.tools.make_player_audio(upload, media, folder, report),
            on_progress,
        )

    return Step(
        stage=Stage.PLAYER_AUDIO,
        run=make,
        needs=(Stage.FETCH, Stage.PROBE),
        files=(Stage.FETCH,),
        artifact=PLAYER_AUDIO,
        cost=work.tools.cost(Stage.PLAYER_AUDIO),
        instead=lambda _: StageOutput(value=(), warnings=(PLAYER_AUDIO_FAILED,)),
    )


def _published(
    work: Work, name: str, make: Callable[[Path, Progress], None], on_progress: Progress
) -> MadeFiles:
    """Publish what `make` writes into a folder; that is the first half of the stage."""
    folder = work.folder / name
    folder.mkdir(exist_ok=True)
    make(folder, lambda fraction: on_progress(fraction / 2))
    files = publish_folder(
        folder,
        work.source,
        objects=work.objects,
        on_progress=lambda fraction: on_progress((1 + fraction) / 2),
    )
    return StageOutput(value=files)
