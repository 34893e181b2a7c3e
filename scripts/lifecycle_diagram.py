"""Draw the job lifecycle into docs/lifecycle.md from the transition table in the code."""

from pathlib import Path

from runtime.core.jobs import ENDED, ON_REQUEST, TRANSITIONS, State

ROOT = Path(__file__).resolve().parent.parent

PAGE = ROOT / "docs" / "lifecycle.md"
BEGIN, END = "<!-- drawn from runtime/core/jobs/states.py -->", "<!-- end of drawing -->"


def drawing() -> str:
    """Return the transition table as a Mermaid state diagram."""
    arrows = [
        f"    {source} --> {target}" + (": on request" if (source, target) in ON_REQUEST else "")
        for source in State
        for target in State
        if target in TRANSITIONS[source]
    ]
    starts = ["    [*] --> CLAIMED", "    [*] --> FAILED: options that cannot be met"]
    ends = [f"    {state} --> [*]" for state in State if state in ENDED]
    lines = ["```mermaid", "stateDiagram-v2", *starts, *arrows, *ends, "```"]
    return "\n".join(lines)


def redrawn(page: str) -> str:
    """Return the page with its drawing replaced."""
    before, rest = page.split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n{drawing()}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(redrawn(PAGE.read_text()))
