"""A job of the API's world that has published the golden talk."""

from dataclasses import replace

from runtime.core.contract import ResultFile, attempt_folder, result_prefix
from runtime.core.jobs import Job, succeed
from runtime.results.findings import findings_bytes
from runtime.results.render.files import render_files, render_manifest
from tests.golden.talk import TALK
from tests.unit.api.world import BUCKET, World


def finished(world: World, name: str = "any.mp4") -> Job:
    """Record a job that has published a result."""
    running = world.job(name)
    written = publish_talk(world, running, attempt_folder(running.attempt))
    done = succeed(running, now=world.clock.now(), result_key=written.result_key or "")
    world.jobs.save(running, done)
    return done


def publish_talk(world: World, job: Job, folder: str, *, corrected: str | None = None) -> Job:
    """Write the talk's results into a folder of the job's; return the job that points there."""
    result = replace(TALK, source=job.source, media_files=())
    rendered = {**render_files(result), ResultFile.FINDINGS: findings_bytes(result)}
    files = {
        **rendered,
        ResultFile.METRICS: b'{"media_seconds": 1.0}',
        ResultFile.MANIFEST: render_manifest(result, rendered, folder=folder, corrected=corrected),
    }
    prefix = result_prefix(job.job_id) + folder
    for name, content in files.items():
        world.objects.write_bytes(content, BUCKET, prefix + name, "any/type")
    return replace(job, result_key=prefix + ResultFile.SUMMARY_JSON.value)
