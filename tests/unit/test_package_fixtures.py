"""Fixtures of a folder end with it."""

from pathlib import Path

TESTS = Path(__file__).parents[1]


def test_should_make_a_package_of_a_folder_whose_fixtures_have_its_scope() -> None:
    scope = 'scope="package"'
    folders = {file.parent for file in TESTS.rglob("conftest.py") if scope in file.read_text()}
    assert folders
    # pytest takes the scope for that of the session without it: a browser's event loop then runs
    # on in the tests of other folders.
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []
