"""Measures corrections of a long recording over the API, and of many random edits.

    python benchmarks/corrections.py [--hours 6] [--tries 5]
    python benchmarks/corrections.py --edits 1000 [--seed 1]

The first renames a speaker over the API of a process of its own and the object store of a local
cloud: until the answer, when all files of the revision are published, and until the captions that
readers get have the name. The second makes random edits of the tests' talk, checks every hundred
that times are in order and every format is read by a reader of its own, then undoes them all.
"""

import argparse
import random
import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.corrected_talk import check_files, long_talk, random_edit  # noqa: E402
from benchmarks.measuring.processes import cpu_seconds_of  # noqa: E402
from benchmarks.serving.cloud import Service, running_service  # noqa: E402
from benchmarks.serving.jobs import running_job  # noqa: E402
from local.cloud import REGION  # noqa: E402
from runtime.aws import clients  # noqa: E402
from runtime.aws.object_store import S3ObjectStore  # noqa: E402
from runtime.core.contract import EnvVar, ResultFile, attempt_folder, result_prefix  # noqa: E402
from runtime.core.jobs import Job, succeed  # noqa: E402
from runtime.core.submission import Submission  # noqa: E402
from runtime.corrections.apply import apply_edit  # noqa: E402
from runtime.corrections.document import document_of  # noqa: E402
from runtime.corrections.edits import EditRefusedError  # noqa: E402
from runtime.corrections.journal import Journal  # noqa: E402
from runtime.corrections.render import corrected  # noqa: E402
from runtime.documents.files import render_documents  # noqa: E402
from runtime.results.content_types import content_type  # noqa: E402
from runtime.results.findings import findings_bytes  # noqa: E402
from runtime.results.job_result import JobResult  # noqa: E402
from runtime.results.render.files import render_manifest  # noqa: E402
from tests.golden.talk import TALK  # noqa: E402

OWNER = "any-owner"
BUDGET_SECONDS = 10.0
EACH = 100


def main() -> None:
    """Measure, and print a line for each figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=6.0)
    parser.add_argument("--tries", type=int, default=5)
    parser.add_argument("--edits", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    if given.edits:
        edit_at_random(given.edits, random.Random(given.seed))  # noqa: S311 - repeatable choices
        return
    with running_service() as service:
        (api,) = service.instances
        job = publish(long_talk(given.hours), service)
        before = cpu_seconds_of(api.process.pid)
        signed = {"Authorization": f"Bearer {service.token(OWNER)}"}
        with httpx.Client(base_url=api.url, headers=signed, timeout=600) as http:
            rename(http, job, given.tries)
        spent = (cpu_seconds_of(api.process.pid) - before) / given.tries
        print(f"{'processor time of the API':26} {spent:5.2f} s each")


def rename(http: httpx.Client, job: Job, tries: int) -> None:
    """Rename a speaker several times and print how long it takes."""
    answered, visible = [], []
    for number in range(tries):
        name = f"Ada {number}"
        edit = {"kind": "rename_speaker", "speaker": "SPEAKER_00", "name": name}
        began = time.monotonic()
        http.post(
            f"/v1/jobs/{job.job_id}/edits",
            json={"edits": [edit]},
            headers={"If-Match": f'"{number}"'},
        ).raise_for_status()
        answered.append(time.monotonic() - began)
        manifest = http.get(f"/v1/jobs/{job.job_id}/results").raise_for_status().json()
        urls = {file["name"]: file["url"] for file in manifest["files"]}
        captions = httpx.get(urls["transcript.vtt"]).text
        assert f"<v {name}>" in captions  # noqa: S101 - what is measured
        visible.append(time.monotonic() - began)
    for what, seconds in (("all files published", answered), ("captions read", visible)):
        worst = max(seconds)
        mark = "" if worst <= BUDGET_SECONDS else "  OVER"
        median = statistics.median(seconds)
        print(f"{what:26} median {median:5.2f} s, worst {worst:5.2f} of {BUDGET_SECONDS}{mark}")


def edit_at_random(count: int, choice: random.Random) -> None:
    """Make edits until so many are in force, check the files as they grow, and undo all."""
    found, journal = document_of(TALK), Journal()
    document, refused = found, 0
    while len(journal.active) < count:
        edit, number = random_edit(document, choice), len(journal.entries) + 1
        try:
            document = apply_edit(document, edit, number=number, author="any")
        except EditRefusedError:
            refused += 1
            continue
        journal = journal.appended([edit], author="any", at=0.0)
        if number % EACH == 0:
            check_files(document, render_documents(corrected(TALK, document)))
            print(f"{number} edits, {len(document.words)} words: every file is read", flush=True)
    if journal.applied_to(found) != document:
        raise AssertionError("the journal gives another document than the edits one by one")
    original = render_documents(TALK)
    while journal.active:
        journal = journal.undone(author="any", at=0.0)
    same = render_documents(corrected(TALK, journal.applied_to(found))) == original
    print(f"{refused} refused; undone, the files are {'the original' if same else 'NOT the same'}")


def publish(result: JobResult, service: Service) -> Job:
    """Record a job that has published a result."""
    bucket, jobs = service.resources[EnvVar.MEDIA_BUCKET], service.job_store
    objects = S3ObjectStore(clients.s3(REGION))
    objects.write_bytes(b"any", bucket, "uploads/long.mp4", "video/mp4")
    source = objects.head(bucket, "uploads/long.mp4")
    running = running_job(jobs, source, Submission(owner=OWNER, title=None))
    result = replace(result, source=source)
    rendered = {**render_documents(result), ResultFile.FINDINGS: findings_bytes(result)}
    folder = attempt_folder(running.attempt)
    files = {
        **rendered,
        ResultFile.METRICS: b'{"media_seconds": 1.0}',
        ResultFile.MANIFEST: render_manifest(result, rendered, folder=folder),
    }
    prefix = result_prefix(running.job_id) + folder
    for name, content in files.items():
        objects.write_bytes(content, bucket, prefix + name, content_type(name))
    done = succeed(running, now=time.time(), result_key=prefix + ResultFile.SUMMARY_JSON)
    jobs.save(running, done)
    return done


if __name__ == "__main__":
    main()
