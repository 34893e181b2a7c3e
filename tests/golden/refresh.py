"""Write the expected files anew: `python -m tests.golden.refresh`, then read the diff."""

from runtime.processor.render.files import render_files
from tests.golden.talk import TALK
from tests.golden.test_rendered_files import EXPECTED

if __name__ == "__main__":
    EXPECTED.mkdir(exist_ok=True)
    for name, content in render_files(TALK).items():
        (EXPECTED / name).write_bytes(content)
