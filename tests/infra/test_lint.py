"""cfn-lint has nothing to say of any template, not even for information."""

import json
import subprocess
import sys
from pathlib import Path

from tests.infra.conftest import ROOT

NOTHING_TO_SAY = 0


def lint(templates: list[Path]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            *(str(Path(sys.executable).with_name("cfn-lint")), "--non-zero-exit-code"),
            *("informational", "-t", *(str(path) for path in templates)),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_should_be_clean_by_cfn_lint(assembly: Path, pooled_assembly: Path) -> None:
    templates = [
        path
        for folder in (assembly, pooled_assembly)
        for path in sorted(folder.glob("assembly-*/*.template.json"))
    ]

    found = lint(templates)

    assert len(templates) > 20
    assert (found.returncode, found.stdout) == (NOTHING_TO_SAY, ""), found.stdout


def test_should_not_be_clean_when_something_is_wrong(tmp_path: Path) -> None:
    wrong = {"Resources": {"Any": {"Type": "AWS::SQS::Queue", "Properties": {"Colour": "red"}}}}
    (tmp_path / "wrong.template.json").write_text(json.dumps(wrong))

    found = lint([tmp_path / "wrong.template.json"])

    assert found.returncode != NOTHING_TO_SAY
    assert "Colour" in found.stdout
