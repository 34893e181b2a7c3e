"""A real SDK client, the proxy and an endpoint behind it: what each fault does to both ends."""

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError

from chaos.aws_responses import Response
from chaos.call_names import Caller, CallName
from chaos.fault_injector import FaultInjector
from chaos.fault_log import FaultLog
from chaos.http_requests import Request
from chaos.interpreters import interposed
from chaos.job_numbers import JobNumbers
from chaos.ledger import Ledger
from chaos.plan import Fault, FaultKind, Occurrence, Plan, Scenario
from chaos.proxy import OUTLIVING_EVERY, Forward, Proxy, serving
from tests.fakes.aws_endpoint import Answer, AwsEndpoint, Call, aws_endpoint, json_answer
from tests.unit.chaos.sdk_requests import JOBS, save

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

pytestmark = pytest.mark.timeout(600)
JOB_ID = "0123456789abcdef0123456789abcdef"
SAVING = CallName(Caller.PROCESSOR, "dynamodb.Write:RUNNING")
KILLED = -9
NO_JOB = 99_999_999
"""A process number beyond what the kernel gives out."""


@dataclass(frozen=True, slots=True)
class Scene:
    """The proxy with one job's scenario, and the endpoint behind it."""

    proxy: Proxy
    behind: AwsEndpoint
    fault_log: FaultLog


@pytest.fixture
def scene(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Scene]:
    faults: Mapping[Occurrence, Fault] = request.param
    fault_log = FaultLog(Plan((Scenario(faults),), Scenario({})), tmp_path / "faults.jsonl")
    job_numbers = JobNumbers()
    job_numbers.register(0, JOB_ID)
    saboteur = FaultInjector(
        job_numbers=job_numbers,
        fault_log=fault_log,
        ledger=Ledger(lambda _job_id, _attempt: False),
        jobs_table=JOBS,
    )
    with aws_endpoint(lambda _: json_answer({})) as behind, serving() as proxy:
        proxy.upstream = behind.url
        proxy.handle = saboteur.handle
        yield Scene(proxy, behind, fault_log)


def scenario(kind: FaultKind, seconds: float = 0.0) -> dict[Occurrence, Fault]:
    return {Occurrence(SAVING, 1): Fault(kind, seconds)}


def client(proxy: Proxy, *, sender: str) -> "DynamoDBClient":
    return boto3.client(
        "dynamodb",
        endpoint_url=proxy.url,
        region_name="us-east-1",
        aws_access_key_id="any",
        aws_secret_access_key="any",  # noqa: S106 - no one checks it
        config=Config(
            retries={"total_max_attempts": 1, "mode": "standard"}, user_agent_extra=f"app/{sender}"
        ),
    )


def put(proxy: Proxy, *, sender: str = f"processor.{NO_JOB}") -> None:
    made = client(proxy, sender=sender)
    try:
        made.put_item(TableName=JOBS, Item=save(JOB_ID, "RUNNING")["Item"])
    finally:
        made.close()


@pytest.mark.parametrize("scene", [{}], indirect=True)
def test_should_pass_on_what_is_not_to_go_wrong(scene: Scene) -> None:
    put(scene.proxy)
    assert [call.operation for call in scene.behind.calls] == ["PutItem"]
    assert scene.fault_log.count == 0


@pytest.mark.parametrize(
    ("scene", "code"),
    [
        (scenario(FaultKind.THROTTLE), "ProvisionedThroughputExceededException"),
        (scenario(FaultKind.SERVER_ERROR), "InternalServerError"),
    ],
    indirect=["scene"],
)
def test_should_refuse_without_carrying_out(scene: Scene, code: str) -> None:
    with pytest.raises(ClientError, match=code):
        put(scene.proxy)
    assert scene.behind.calls == []
    put(scene.proxy)
    assert len(scene.behind.calls) == 1


@pytest.mark.parametrize("scene", [scenario(FaultKind.RESET)], indirect=True)
def test_should_reset_before_carrying_out(scene: Scene) -> None:
    with pytest.raises(HTTPClientError):
        put(scene.proxy)
    assert scene.behind.calls == []


@pytest.mark.parametrize("scene", [scenario(FaultKind.LOST_ANSWER)], indirect=True)
def test_should_lose_the_answer_of_what_was_carried_out(scene: Scene) -> None:
    with pytest.raises(HTTPClientError):
        put(scene.proxy)
    assert len(scene.behind.calls) == 1


@pytest.mark.parametrize("scene", [scenario(FaultKind.ERROR_AFTER)], indirect=True)
def test_should_answer_with_an_error_what_was_carried_out(scene: Scene) -> None:
    with pytest.raises(ClientError, match="InternalServerError"):
        put(scene.proxy)
    assert len(scene.behind.calls) == 1


@pytest.mark.parametrize("scene", [scenario(FaultKind.THROTTLE)], indirect=True)
def test_should_leave_strangers_alone(scene: Scene) -> None:
    put(scene.proxy, sender=f"somebody.{NO_JOB}")
    assert len(scene.behind.calls) == 1


@pytest.mark.parametrize(
    ("scene", "carried_out"),
    [(scenario(FaultKind.KILL_BEFORE), 0), (scenario(FaultKind.KILL_AFTER), 1)],
    indirect=["scene"],
)
def test_should_kill_the_caller_before_or_after_its_call(
    scene: Scene, carried_out: int, tmp_path: Path
) -> None:
    python = interposed(
        tmp_path / "bin",
        python=Path(sys.executable),
        name="processor",
        endpoint_url=scene.proxy.url,
    )
    code = (
        "import boto3;"
        "boto3.client('dynamodb', region_name='us-east-1', aws_access_key_id='any',"
        f"aws_secret_access_key='any').put_item(**{save(JOB_ID, 'RUNNING')!r})"
    )
    ended = subprocess.run([python, "-c", code], check=False, capture_output=True)
    assert ended.returncode == KILLED, ended.stderr
    assert len(scene.behind.calls) == carried_out


POLL = b"POST / HTTP/1.1\r\nX-Amz-Target: AmazonSQS.ReceiveMessage\r\nContent-Length: 0\r\n\r\n"


def test_should_end_most_polls_with_the_process_that_polls() -> None:
    polled, ended = threading.Semaphore(0), threading.Semaphore(0)
    answered = threading.Event()
    ends: list[str] = []

    def handle(_: Request, forward: Forward) -> Response | None:
        try:
            forward()
            ends.append("received")
        except OSError:
            ends.append("broken off")
        ended.release()
        return None

    def respond(_: Call) -> Answer:
        polled.release()
        assert answered.wait(60)
        return Answer()

    with aws_endpoint(respond) as behind, serving() as proxy:
        proxy.upstream, proxy.handle = behind.url, handle
        address = urlsplit(proxy.url)
        for count in range(1, OUTLIVING_EVERY + 1):
            with socket.create_connection((address.hostname, address.port)) as process:
                process.sendall(POLL)
                assert polled.acquire(timeout=60)
            if count == OUTLIVING_EVERY:
                answered.set()
            assert ended.acquire(timeout=60)
    assert ends == ["broken off"] * (OUTLIVING_EVERY - 1) + ["received"]
