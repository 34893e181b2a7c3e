"""`python -m cdk.policies [ASSEMBLY ...]`: checks every statement of synthesized templates."""

import sys
from collections.abc import Sequence
from pathlib import Path

from cdk.assembly import read_templates
from cdk.policies.check import unknown
from cdk.policies.reference import shipped_reference
from cdk.policies.statements import Templates

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str]) -> int:
    """Print what AWS does not know; return 1 if there is any, else 0."""
    reference = shipped_reference()
    folders = [Path(each) for each in arguments] or [ROOT / "cdk.out"]
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
