"""Imports continue elsewhere after an instance was killed: a small run of the chaos of imports."""

from pathlib import Path

import pytest

from chaos.imports.instance import LEASE_VARIABLE
from chaos.imports.run import Size, run_on
from local.api_process import AUDIENCE
from local.api_resources import create_api_resources
from local.issuer.process import local_issuer

pytestmark = pytest.mark.cloud

SIZE = Size(
    imports=3,
    instances=2,
    seed=7,
    deployments=0,
    seconds=90,
    stops=("SIGKILL",),
    most_stops=1,
    largest=1_000_000,
)


@pytest.mark.usefixtures("cloud")
def test_should_import_each_file_once_although_an_instance_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(LEASE_VARIABLE, "3")
    with local_issuer(tmp_path) as issuer:
        resources = create_api_resources(issuer=issuer.url, audience=AUDIENCE)
        report = run_on(resources, SIZE, tmp_path, say=print)
    assert report.kept, report.violations
    assert report.stops["SIGKILL"] == 1
