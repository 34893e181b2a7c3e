"""Policies of the environments.

python -m cdk.policies [ASSEMBLY ...]  checks every statement of synthesized templates
python -m cdk.policies execution ENV   writes what CloudFormation may do to deploy an environment
python -m cdk.policies operator ENV    writes what an environment's operators may do
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from cdk.assembly import read_templates
from cdk.policies.check import unknown
from cdk.policies.documents import write
from cdk.policies.execution import execution_template
from cdk.policies.operators import operator_template
from cdk.policies.reference import shipped_reference
from cdk.policies.statements import Templates

ROOT = Path(__file__).resolve().parents[2]
ASSEMBLY = ROOT / "cdk.out"

DOCUMENTS: Mapping[str, Callable[[str], Mapping[str, Any]]] = {
    "execution": lambda environment: execution_template(ROOT, ASSEMBLY, environment),
    "operator": lambda environment: operator_template(ROOT, environment),
}


def main(arguments: Sequence[str]) -> int:
    """Check templates, or write a document; return 1 if AWS does not know something, else 0."""
    match arguments:
        case [purpose, environment] if purpose in DOCUMENTS:
            print(write(ASSEMBLY, DOCUMENTS[purpose](environment)))
            return 0
    return check([Path(each) for each in arguments] or [ASSEMBLY])


def check(folders: Sequence[Path]) -> int:
    """Print what AWS does not know; return 1 if there is any, else 0."""
    reference = shipped_reference()
    statements = [
        statement
        for folder in folders
        for templates in read_templates(folder)
        for statement in Templates(templates, reference).statements()
    ]
    problems = unknown(statements, reference)
    for problem in problems:
        print(problem)
    print(f"{len(statements)} statements, {len(problems)} unknown to {reference.source}.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
