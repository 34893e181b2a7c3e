"""Measures corrections of a long recording over the API, and of many random edits.

    python benchmarks/corrections.py [--hours 6] [--tries 5]
    python benchmarks/corrections.py --edits 1000 [--seed 1]

The first renames a speaker over the API of a process of its own and the object store of a local
cloud: until the answer, when all files of the revision are published, and until the captions that
readers get have the name. The second makes random edits of the tests' talk, checks every hundred
that times are in order and every format is read by a reader of its own, then undoes them all.
"""

import argparse
import contextlib
import json
import os
import random
import statistics
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.corrected_talk import check_files, long_talk, random_edit  # noqa: E402
from benchmarks.serving.process_facts import cpu_seconds  # noqa: E402
from local.api_process import AUDIENCE, ApiProcess, running_issuer, start_api  # noqa: E402
from local.api_resources import create_api_resources  # noqa: E402
from local.cloud import REGION, LocalCloud  # noqa: E402
from local.images import Images  # noqa: E402
from local.issuer.signer import Signer, kept_key  # noqa: E402
from runtime.aws import clients  # noqa: E402
from runtime.aws.job_store import DynamoJobStore  # noqa: E402
from runtime.aws.object_store import S3ObjectStore  # noqa: E402
from runtime.core.clock import SystemClock  # noqa: E402
from runtime.core.contract import EnvVar, ResultFile, attempt_folder, result_prefix  # noqa: E402
from runtime.core.jobs import Job, claim_new, start, succeed  # noqa: E402
from runtime.core.submission import Submission  # noqa: E402
from runtime.corrections.apply import apply_edit  # noqa: E402
from runtime.corrections.document import Document, document_of  # noqa: E402
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
    with api_over_cloud() as (api, token, resources):
        job = publish(long_talk(given.hours), resources)
        before = cpu_seconds(api.process.pid)
        rename(api.url, token, job, given.tries)
        spent = (cpu_seconds(api.process.pid) - before) / given.tries
        print(f"{'processor time of the API':26} {spent:5.2f} s each")


def rename(address: str, token: str, job: Job, tries: int) -> None:
    """Rename a speaker several times and print how long it takes."""
    answered, visible = [], []
    for number in range(tries):
        name = f"Ada {number}"
        edit = {"kind": "rename_speaker", "speaker": "SPEAKER_00", "name": name}
        began = time.monotonic()
        call(address, token, f"/v1/jobs/{job.job_id}/edits", {"edits": [edit]}, number)
        answered.append(time.monotonic() - began)
        manifest = call(address, token, f"/v1/jobs/{job.job_id}/results")
        urls = {file["name"]: file["url"] for file in manifest["files"]}
        with urllib.request.urlopen(urls["transcript.vtt"]) as captions:  # noqa: S310 - local
            assert f"<v {name}>".encode() in captions.read()  # noqa: S101 - what is measured
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
    _require_same(journal.applied_to(found), document)
    original = render_documents(TALK)
    while journal.active:
        journal = journal.undone(author="any", at=0.0)
    same = render_documents(corrected(TALK, journal.applied_to(found))) == original
    print(f"{refused} refused; undone, the files are {'the original' if same else 'NOT the same'}")


def _require_same(replayed: Document, document: Document) -> None:
    if replayed != document:
        raise AssertionError("the journal gives another document than the edits one by one")


@contextlib.contextmanager
def api_over_cloud() -> Iterator[tuple[ApiProcess, str, Mapping[str, str]]]:
    """Yield an API, a token for it, and what it uses."""
    with tempfile.TemporaryDirectory() as scratch, contextlib.ExitStack() as stack:
        folder = Path(scratch)
        cloud = stack.enter_context(
            LocalCloud.start(
                state_dir=folder / "cloud", images=Images(), lambda_python=Path(sys.executable)
            )
        )
        issuer = stack.enter_context(running_issuer(folder))
        os.environ.update(cloud.aws_environment())
        resources = create_api_resources(issuer=issuer["issuer"], audience=AUDIENCE)
        signer = Signer(issuer["issuer"], kept_key(folder), clock=SystemClock())
        api = start_api(resources, folder=folder)
        stack.callback(api.stop)
        api.await_ready()
        yield api, signer.token(OWNER, audience=AUDIENCE, groups=[]), resources


def publish(result: JobResult, resources: Mapping[str, str]) -> Job:
    """Record a job that has published a result."""
    bucket, now = resources[EnvVar.MEDIA_BUCKET], time.time()
    objects = S3ObjectStore(clients.s3(REGION))
    jobs = DynamoJobStore(
        clients.dynamodb(REGION),
        jobs_table=resources[EnvVar.JOBS_TABLE],
        idempotency_table=resources[EnvVar.IDEMPOTENCY_TABLE],
    )
    objects.write_bytes(b"any", bucket, "uploads/long.mp4", "video/mp4")
    source = objects.head(bucket, "uploads/long.mp4")
    claimed = claim_new(
        source, now=now, lease_seconds=60, submission=Submission(owner=OWNER, title=None)
    )
    jobs.create(claimed)
    running = start(claimed, now=now, task_arn=None)
    jobs.save(claimed, running)
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
    done = succeed(running, now=now, result_key=prefix + ResultFile.SUMMARY_JSON)
    jobs.save(running, done)
    return done


def call(
    address: str,
    token: str,
    path: str,
    body: dict[str, Any] | None = None,
    revision: int = 0,
) -> Any:
    """Return the JSON answer of the API."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    if body is not None:
        headers["If-Match"] = f'"{revision}"'
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{address}{path}", content, headers)  # noqa: S310 - local
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - the same
        return json.load(answer)


if __name__ == "__main__":
    main()
