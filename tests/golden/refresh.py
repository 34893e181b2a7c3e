"""Write the expected files again: `python -m tests.golden.refresh`, then read the diff."""

from tests.golden.test_rendered_files import EXPECTED, rendered

if __name__ == "__main__":
    EXPECTED.mkdir(exist_ok=True)
    for name, content in rendered().items():
        (EXPECTED / name).write_bytes(content)
