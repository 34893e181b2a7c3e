"""What cdk-nag finds and what is acknowledged are the same, and little."""

import json
from pathlib import Path

import pytest

from cdk.application import build, synthesize
from cdk.config import EnvironmentConfig, load_environment
from cdk.nag import environment_findings as nag
from cdk.nag.acknowledge import AcknowledgedFinding
from tests.infra.conftest import ENVIRONMENTS, ROOT

MOST = 25
"""Acknowledgements of an environment: no one would read more."""


def environment(name: str) -> EnvironmentConfig:
    return load_environment(ROOT / "environments" / f"{name}.toml")


def found_in(assembly: Path, environment: str) -> set[tuple[str, str]]:
    """Return where and what was acknowledged and found in an environment, by its path below it."""
    report = json.loads((assembly / nag.REPORT).read_text())
    stage = f"Lifestream-{environment}"
    return {
        (at.removeprefix(stage).removeprefix("/"), finding["acknowledgedId"])
        for pack in report["pluginReports"]
        for finding in pack["suppressedViolations"]
        for at in [finding["acknowledgedAt"]]
        if at == stage or at.startswith(f"{stage}/")
    }


def test_should_be_clean_by_both_packs(assembly: Path) -> None:
    report = json.loads((assembly / nag.REPORT).read_text())
    violations = {pack["pluginName"]: pack["violations"] for pack in report["pluginReports"]}

    assert violations["AwsSolutions"] == []
    assert violations["NIST.800.53.R5"] == []


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_should_acknowledge_exactly_the_findings_there_are(assembly: Path, name: str) -> None:
    given = environment(name)

    assert found_in(assembly, name) == {
        (item.path, item.id_in(environment=name)) for item in nag.acknowledged_in(given)
    }


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_should_acknowledge_little_and_each_once_with_its_reason(name: str) -> None:
    acknowledged = nag.acknowledged_in(environment(name))

    assert 0 < len(acknowledged) <= MOST
    assert len({(item.path, item.finding) for item in acknowledged}) == len(acknowledged)
    for item in acknowledged:
        assert len(item.reason.split()) >= 5, item
        assert item.reason.endswith("."), item


def test_should_fail_on_a_finding_that_no_one_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tuple(item for item in nag.ACKNOWLEDGED if not item.finding.endswith("-ECS2"))
    monkeypatch.setattr(nag, "ACKNOWLEDGED", kept)

    with pytest.raises(RuntimeError, match=r"ValidationFailed: ERROR .*ECS Task Definition"):
        synthesize(build(ROOT, outdir=tmp_path, only="dev"))


def test_should_fail_on_an_acknowledgement_of_what_is_not_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stale = AcknowledgedFinding(path="Storage", finding="AwsSolutions-DDB3", reason="any")
    monkeypatch.setattr(nag, "ACKNOWLEDGED", (*nag.ACKNOWLEDGED, stale))

    with pytest.raises(
        nag.StaleAcknowledgementError,
        match=r"Lifestream-dev/Storage: cdk-nag no longer finds AwsSolutions-DDB3",
    ):
        synthesize(build(ROOT, outdir=tmp_path, only="dev"))


def test_should_refuse_an_acknowledgement_where_nothing_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stray = AcknowledgedFinding(path="Storage/Gone", finding="AwsSolutions-S1", reason="any")
    monkeypatch.setattr(nag, "ACKNOWLEDGED", (stray,))

    with pytest.raises(LookupError, match="Lifestream-dev/Storage has no Gone"):
        build(ROOT, outdir=tmp_path, only="dev")
