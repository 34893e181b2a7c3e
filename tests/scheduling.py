"""Which tests one process runs, one after the other, when pytest-xdist runs several."""

from xdist.scheduler import LoadScopeScheduling

SHARE_A_DEPLOYMENT = ("tests/integration/", "tests/e2e/deployed/", "tests/browser/")
"""Their fixtures deploy an environment or start a browser for all files of a folder."""


def together(nodeid: str) -> str:
    """Return the file of a test, or its folder where that shares a deployment."""
    file = nodeid.partition("::")[0]
    return file.rpartition("/")[0] if file.startswith(SHARE_A_DEPLOYMENT) else file


class ByDeployment(LoadScopeScheduling):  # type: ignore[misc,unused-ignore]
    """Gives a process all tests of a file or of a folder, in the order of collection."""

    def _split_scope(self, nodeid: str) -> str:
        return together(nodeid)
