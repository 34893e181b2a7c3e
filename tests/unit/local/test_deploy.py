import json
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from local import deploy
from local.deploy import DeployFailedError, assembly_of, merged, stack_paths


def assembly(folder: Path, *stages: str) -> Path:
    artifacts = {
        stage: {"type": "cdk:cloud-assembly", "properties": {"directoryName": stage}}
        for stage in stages
    }
    artifacts["Tree"] = {"type": "cdk:tree", "properties": {"file": "tree.json"}}
    (folder / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    return folder


def test_should_choose_the_stage_of_the_environment(tmp_path: Path) -> None:
    folder = assembly(tmp_path, "assembly-Lifestream-dev", "assembly-Lifestream-prod")
    assert assembly_of(folder, "prod") == tmp_path / "assembly-Lifestream-prod"


def test_should_take_the_whole_assembly_when_it_has_no_stages(tmp_path: Path) -> None:
    assert assembly_of(assembly(tmp_path), "dev") == tmp_path


def test_should_say_which_stages_there_are_when_none_is_the_environments(tmp_path: Path) -> None:
    folder = assembly(tmp_path, "assembly-Lifestream-dev")
    with pytest.raises(DeployFailedError, match=r"assembly-Lifestream-dev.*environments/qa\.toml"):
        assembly_of(folder, "qa")


def test_should_put_the_outputs_of_all_stacks_together_without_cdks_own_exports() -> None:
    by_stack = {"One": {"A": "1", "ExportsOutputRefX": "2"}, "Two": {"B": "3"}}
    assert merged(by_stack) == {"A": "1", "B": "3"}


def test_should_refuse_outputs_that_two_stacks_give_differently() -> None:
    with pytest.raises(DeployFailedError, match=r"Two.*A"):
        merged({"One": {"A": "1"}, "Two": {"A": "2"}})


def test_should_find_the_stacks_of_an_assembly(tmp_path: Path) -> None:
    stacks = ("Lifestream-dev/Storage", "Lifestream-dev/Workers")
    artifacts = {
        name: {"type": "aws:cloudformation:stack", "displayName": name} for name in stacks
    } | {"Tree": {"type": "cdk:tree"}}
    (tmp_path / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    assert stack_paths(tmp_path) == list(stacks)


def test_should_synthesize_once_for_the_same_sources_and_deploy_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIFESTREAM_CACHE", str(tmp_path / "cache"))
    sources = ["any"]
    monkeypatch.setattr(deploy, "digest", lambda **_: sources[0])
    cloud: Any = SimpleNamespace(state_dir=tmp_path)
    runs = []

    def run(_command: Any, *, more: Mapping[str, str], **_: Any) -> None:
        runs.append(more["CDK_CONTEXT_JSON"])
        folder = Path(more["CDK_OUTDIR"])
        folder.mkdir()
        assembly(folder)

    def synthesized(**context: str) -> str:
        folder = deploy.synthesize(cloud, cast("Any", SimpleNamespace(run=run)), context, None)
        manifest = folder / "manifest.json"
        content = manifest.read_text()
        manifest.write_text("changed by what deploys it")
        return content

    first = synthesized(environment="dev")
    assert synthesized(environment="dev") == first
    assert len(runs) == 1
    synthesized(environment="dev", launch="pool")
    assert len(runs) == 2
    sources[0] = "changed"
    synthesized(environment="dev")
    assert len(runs) == 3
