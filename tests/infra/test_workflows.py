"""GitHub's workflows: valid, pinned, with few rights, and the same way as `promotion.toml` says."""

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from cdk.config import load_environments
from cdk.promotion.config import load_promotion
from cdk.promotion.targets import BUILDER_ROLE, promoter_role
from tests.infra.conftest import ROOT

FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS = sorted(path.name for path in FOLDER.glob("*.yml"))
STAGE = "./.github/workflows/stage.yml"
PROMOTION = tomllib.loads((ROOT / "promotion.toml").read_text())


def workflow(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((FOLDER / name).read_text())
    return content


def triggers(name: str) -> dict[str, Any]:
    # YAML 1.1 reads the key `on` as true.
    found: dict[Any, dict[str, Any]] = yaml.safe_load((FOLDER / name).read_text())
    return found[True]


def steps(name: str) -> list[dict[str, Any]]:
    return [step for job in workflow(name)["jobs"].values() for step in job.get("steps", [])]


def audited(*paths: Path) -> "subprocess.CompletedProcess[str]":
    zizmor = ROOT / ".venv" / "bin" / "zizmor"
    options = ["--offline", "--quiet", "--no-config", "--strict-collection"]
    return subprocess.run(
        [str(zizmor), *options, *map(str, paths)], check=False, capture_output=True, text=True
    )


def test_should_be_valid_and_without_findings() -> None:
    done = audited(*(FOLDER / name for name in WORKFLOWS))

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("change", "instead"),
    [
        ("    runs-on: ubuntu-24.04\n", ""),
        ("    permissions:\n      contents: read\n", "    permissions: write-all\n"),
        ("@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2", "@v4"),
        ("run: make check", 'run: echo "${{ github.event.pull_request.title }}"'),
    ],
    ids=["schema", "rights", "pin", "injection"],
)
def test_should_be_audited_by_what_finds_faults(tmp_path: Path, change: str, instead: str) -> None:
    content = (FOLDER / "check.yml").read_text()
    assert change in content
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    (folder / "check.yml").write_text(content.replace(change, instead))

    assert audited(folder / "check.yml").returncode != 0


@pytest.mark.parametrize("name", WORKFLOWS)
def test_should_pin_every_action_by_its_commit_and_say_its_version(name: str) -> None:
    for line in (FOLDER / name).read_text().splitlines():
        if "uses:" in line and STAGE not in line:
            assert re.search(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line


@pytest.mark.parametrize("name", WORKFLOWS)
def test_should_have_no_right_but_to_read_and_to_say_who_it_is(name: str) -> None:
    found = workflow(name)

    assert found["permissions"] == {}
    for job in found["jobs"].values():
        assert job["permissions"].items() <= {"contents": "read", "id-token": "write"}.items()


def test_should_not_let_pull_requests_become_anybody() -> None:
    assert set(triggers("check.yml")) == {"pull_request"}
    assert "id-token" not in (FOLDER / "check.yml").read_text()
    assert "pull_request" not in triggers("promote.yml")


def test_should_promote_the_branch_of_promotion() -> None:
    assert triggers("promote.yml") == {"push": {"branches": [PROMOTION["branch"]]}}


def test_should_go_through_the_stages_of_promotion_in_their_order() -> None:
    jobs = workflow("promote.yml")["jobs"]
    found = [
        {"environment": job["with"]["environment"], "proof": job["with"]["proof"]}
        for job in jobs.values()
        if job.get("uses") == STAGE
    ]

    assert found == [
        {key: stage[key] for key in ("environment", "proof")} for stage in PROMOTION["stage"]
    ]
    environments = {e.name: e for e in load_environments(ROOT / "environments", None)}
    waves = load_promotion(ROOT / "promotion.toml", environments).waves
    before = ["build"]
    for wave in waves:
        names = [stage.environment for stage in wave]
        assert all(jobs[name]["needs"] in (before, *before) for name in names)
        before = names


def test_should_be_protected_by_githubs_environment() -> None:
    (job,) = workflow("stage.yml")["jobs"].values()

    assert job["environment"] == "${{ inputs.environment }}"


def test_should_build_and_synthesize_once() -> None:
    ran = [step["run"] for step in steps("promote.yml") if "run" in step]

    assert ran == ["make check", ".venv/bin/python -m image release", "make synth"]
    assert not [s for s in steps("stage.yml") if "release" in s.get("run", "")]
    assert not [s for s in steps("stage.yml") if "synth" in s.get("run", "")]


def test_should_guard_bring_the_image_deploy_and_prove_in_this_order() -> None:
    ran = [step["run"] for step in steps("stage.yml") if "run" in step]
    marks = (
        "make setup",
        "cdk.guard check --deployed",
        '"Lifestream-$STAGE/Storage"',
        "image promote",
        '"Lifestream-$STAGE/**"',
        '--environment "$STAGE" protect',
        "scripts.verification",
    )

    assert len(ran) == len(marks)
    for command, mark in zip(ran, marks, strict=True):
        assert mark in command
    deployed = [command for command in ran if "cdk deploy" in command]
    assert all("--app cdk.out" in command for command in deployed)


def test_should_become_the_roles_that_trust_it() -> None:
    (builder,) = roles("promote.yml")
    (promoter,) = roles("stage.yml")

    assert builder.endswith(f":role/{BUILDER_ROLE}")
    assert promoter.endswith(f":role/{promoter_role('${{ inputs.environment }}')}")


def test_should_hold_credentials_for_as_long_as_a_deployment_may_take() -> None:
    (assumed,) = (s for s in steps("stage.yml") if "role-to-assume" in s.get("with", {}))
    environments = {e.name: e for e in load_environments(ROOT / "environments", None)}
    config = load_promotion(ROOT / "promotion.toml", environments)

    assert assumed["with"]["role-duration-seconds"] == config.session_hours * 3600


def roles(name: str) -> list[str]:
    return [
        s["with"]["role-to-assume"] for s in steps(name) if "role-to-assume" in s.get("with", {})
    ]


def test_should_run_commands_that_there_are() -> None:
    makefile = (ROOT / "Makefile").read_text()
    ran = "\n".join(step.get("run", "") for name in WORKFLOWS for step in steps(name))

    for target in re.findall(r"^make ([\w-]+)", ran, re.MULTILINE):
        assert f"\n{target}:" in makefile, target
    modules = re.findall(r"python -m ([\w.]+)", ran)
    assert modules
    for module in modules:
        assert (ROOT / module.replace(".", "/") / "__main__.py").is_file(), module
