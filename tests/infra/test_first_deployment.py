"""The page of the first deployment: its commands exist, and come in an order that works."""

import re

from cdk.policies.documents import policies_template
from tests.infra.conftest import ROOT

PAGE = (ROOT / "docs" / "first-deployment.md").read_text()
BLOCKS = re.findall(r"```\n(.*?)```", PAGE, re.DOTALL)
LINES = [line for block in BLOCKS for line in block.strip().splitlines()]


def position(part: str) -> int:
    (found,) = (number for number, line in enumerate(LINES) if part in line)
    return found


def test_should_name_targets_that_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = {word for line in LINES for word in re.findall(r"^make ([\w-]+)", line)}

    assert targets == {
        *("setup", "synth", "preflight", "execution-policies", "push", "protect", "smoke")
    }
    for target in targets:
        assert f"\n{target}:" in makefile


def test_should_name_modules_that_exist() -> None:
    for module in re.findall(r"python -m (\w+)", PAGE):
        assert (ROOT / module / "__main__.py").is_file()


def test_should_check_the_account_before_anything_is_created() -> None:
    assert position("preflight") < position("/Storage")


def test_should_push_the_image_between_its_repository_and_its_task() -> None:
    assert position("/Storage") < position("make push") < position("Lifestream-dev/**")


def test_should_protect_after_the_deployment_and_prove_last() -> None:
    assert position("Lifestream-dev/**") < position("protect") < position("smoke")


def test_should_limit_cloudformation_by_the_template_that_it_writes() -> None:
    (deploy,) = (line for line in LINES if line.startswith("aws cloudformation deploy"))
    (bootstrap,) = (line for line in LINES if "--cloudformation-execution-policies" in line)
    template = policies_template("execution", "dev", [])
    name = template["Metadata"]["Name"]

    assert f"cdk.out/{name}.template.json --stack-name {name} " in deploy
    assert f"--stack-name {name} " in bootstrap
    assert len(template["Outputs"]) == 1
    assert position("make execution-policies") < position("/Storage")
