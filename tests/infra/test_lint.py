"""cfn-lint has nothing to say of any template, not even for information."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.assemblies import kept_beside
from tests.infra.conftest import ROOT

OPTIONS = ("--non-zero-exit-code", "informational")
NOTHING_TO_SAY = "0\n"


def lint(templates: list[Path]) -> str:
    """Return the exit status and what was said."""
    program = str(Path(sys.executable).with_name("cfn-lint"))
    ended = subprocess.run(
        [program, *OPTIONS, "-t", *(str(path) for path in templates)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return f"{ended.returncode}\n{ended.stdout}"


@pytest.mark.parametrize("app", ["assembly", "pooled_assembly"])
def test_should_be_clean_by_cfn_lint(app: str, request: pytest.FixtureRequest) -> None:
    assembly: Path = request.getfixturevalue(app)
    templates = sorted(assembly.glob("assembly-*/*.template.json"))
    assert len(templates) > 5

    found = kept_beside(assembly, f"cfn-lint{'-'.join(OPTIONS)}", lambda: lint(templates))

    assert found == NOTHING_TO_SAY


def test_should_not_be_clean_when_something_is_wrong(tmp_path: Path) -> None:
    wrong = {"Resources": {"Any": {"Type": "AWS::SQS::Queue", "Properties": {"Colour": "red"}}}}
    (tmp_path / "wrong.template.json").write_text(json.dumps(wrong))

    found = lint([tmp_path / "wrong.template.json"])

    assert not found.startswith("0")
    assert "Colour" in found
