import ast
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from local.emulator import patching
from local.emulator.version import SUPPORTED
from local.toolchain import ROOT

EMULATOR = ROOT / "local" / "emulator"
MODULES = [path for path in sorted(EMULATOR.rglob("*.py")) if path.name != "__init__.py"]
GAP = re.compile(rf"Gap \({re.escape(SUPPORTED)}, (upstream|partly upstream|local)\): \S.*")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(EMULATOR)))
def test_should_begin_with_the_gap_it_closes_or_as_part_of_the_launcher(path: Path) -> None:
    documentation = ast.get_docstring(ast.parse(path.read_text())) or ""
    first_line = documentation.partition("\n")[0]
    assert first_line.startswith("Launcher: ") or GAP.fullmatch(first_line)


def test_should_leave_no_patch_of_ministack_unrecorded() -> None:
    direct = re.compile(
        r"^ *(ecs|sqs|s3|cloudwatch|lambda_svc|lambda_runtime|iam_actions|imds)\.\w+ = ",
        re.MULTILINE,
    )
    found = {path.name: direct.findall(path.read_text()) for path in MODULES}
    assert {name: hits for name, hits in found.items() if hits} == {"daemon.py": ["ecs"]}


def test_should_call_a_wrapper_with_the_original_first() -> None:
    owner = SimpleNamespace(__name__="ministack.any", double=lambda number: 2 * number)

    @patching.around(owner, "double")
    def plus_one(original: object, number: int) -> int:
        assert callable(original)
        return int(original(number)) + 1

    assert owner.double(3) == 7
    assert patching.applied()[-1].target == "any.double"


def test_should_refuse_to_replace_what_ministack_does_not_have() -> None:
    owner = SimpleNamespace(__name__="ministack.any")
    with pytest.raises(AttributeError, match="gone"):
        patching.replace(owner, "gone", lambda: None)
