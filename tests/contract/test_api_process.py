"""The API as a process on the embedded AWS, with tokens of the local issuer."""

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from benchmarks.uploads import interrupted_upload
from local.api_process import AUDIENCE, start_api
from local.api_resources import create_api_resources
from local.issuer.process import Issuer, local_issuer
from runtime.aws import clients
from runtime.aws.job_store import DynamoJobStore
from runtime.core.contract import EnvVar
from runtime.core.jobs import fail, report, start, take_over
from runtime.core.jobs.job import Failure

pytestmark = pytest.mark.cloud

STOP_SECONDS = 120
PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "api.md"
PART_BYTES = 8 << 20
BODY = b"any recording" * 1000
ANY_FAILURE = Failure(code="any.code", summary="Any summary.", resolution="Any resolution.")


@dataclass(frozen=True, slots=True)
class Running:
    """A running API: `http` has its token, `store` the jobs it sees."""

    http: httpx.Client
    store: Any
    process: subprocess.Popen[bytes]
    bucket: str


@pytest.fixture
def issuer(tmp_path: Path) -> Iterator[Issuer]:
    with local_issuer(tmp_path) as announced:
        yield announced


@pytest.fixture
def api(cloud: str, issuer: Issuer, tmp_path: Path) -> Iterator[Running]:
    resources = create_api_resources(issuer=issuer.url, audience=AUDIENCE)
    dynamodb = clients.dynamodb("us-east-1")
    store = DynamoJobStore(
        dynamodb,
        jobs_table=resources[EnvVar.JOBS_TABLE],
        idempotency_table=resources[EnvVar.IDEMPOTENCY_TABLE],
    )
    instance = start_api({**resources, "AWS_ENDPOINT_URL": cloud}, folder=tmp_path)
    with httpx.Client(
        base_url=instance.url,
        headers={"Authorization": f"Bearer {issuer.token}"},
        transport=httpx.HTTPTransport(retries=8),  # until it listens
        trust_env=False,
        timeout=30,
    ) as http:
        yield Running(http, store, instance.process, resources[EnvVar.MEDIA_BUCKET])
    instance.stop()
    dynamodb.close()


def test_should_take_an_upload_and_stream_its_job_to_the_end(api: Running) -> None:
    upload = (
        api.http.post("/v1/uploads", json={"name": "a talk.mp4", "size_bytes": len(BODY)})
        .raise_for_status()
        .json()
    )
    sent = httpx.put(upload["url"], headers=upload["headers"], content=BODY, trust_env=False)
    sent.raise_for_status()
    confirm = f"/v1/uploads/{upload['upload_id']}/confirm"
    job_id = api.http.post(confirm).raise_for_status().json()["job"]["job_id"]
    assert api.http.post(confirm).json()["job"]["job_id"] == job_id
    job = api.store.get(job_id)
    assert [each["job_id"] for each in api.http.get("/v1/jobs").json()["items"]] == [job_id]
    states = []
    with api.http.stream("GET", f"/v1/jobs/{job_id}/events") as stream:
        for line in stream.iter_lines():
            if not line.startswith("data:"):
                continue
            states.append(json.loads(line.removeprefix("data:"))["state"])
            now = job.updated_at + 1
            match states[-1]:
                case "PENDING":
                    after = start(
                        claimed := take_over(job, now=now, lease_seconds=60), now=now, task_arn=None
                    )
                    api.store.save(job, claimed)
                    api.store.save(claimed, after)
                case "RUNNING" if states.count("RUNNING") == 1:
                    after = report(job, now=now, stage="diarize", progress=0.5)
                    api.store.save(job, after)
                case "RUNNING":
                    after = fail(job, now=now, failure=ANY_FAILURE)
                    api.store.save(job, after)
                case _:
                    after = job
            job = after
    # The claim lasts for an instant, which a poll may meet.
    assert [state for state in states if state != "CLAIMED"] == [
        *("PENDING", "RUNNING", "RUNNING", "FAILED")
    ]


def test_should_run_the_documented_examples(api: Running, tmp_path: Path) -> None:
    api.http.get("/ready").raise_for_status()  # retries until it listens
    blocks = re.findall(r"^```bash\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert len(blocks) >= 7
    script = tmp_path / "examples.sh"
    script.write_text("\n".join(["set -euo pipefail", *blocks]))
    (tmp_path / "talk.mp4").write_bytes(BODY)
    environ = {
        **os.environ,
        "API": str(api.http.base_url).rstrip("/"),
        "TOKEN": api.http.headers["Authorization"].removeprefix("Bearer "),
        "NO_PROXY": "127.0.0.1",
    }
    done = subprocess.run(
        ["bash", str(script)],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def test_should_end_open_streams_when_it_is_stopped(api: Running) -> None:
    api.http.get("/ready").raise_for_status()
    with api.http.stream("GET", "/v1/events") as stream:
        api.process.send_signal(signal.SIGTERM)
        assert not [line for line in stream.iter_lines() if line.startswith("data:")]
    assert api.process.wait(STOP_SECONDS) == 0


def test_should_bring_a_killed_upload_to_one_job_with_the_same_bytes(
    api: Running, tmp_path: Path
) -> None:
    file = tmp_path / "talk.mp4"
    file.write_bytes(os.urandom(2 * PART_BYTES + 3))
    found = interrupted_upload(
        file,
        api=str(api.http.base_url).rstrip("/"),
        token=api.http.headers["Authorization"].removeprefix("Bearer "),
        bucket=api.bucket,
        kills=1,
    )
    assert (found.killed, found.jobs) == (1, 1)
    assert found.identical
