import re

from image import lock
from scripts.setup.virtualenvs import pinned

TEXT = """# a note
first==1.0 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
second==2.0 ; sys_platform == "linux" \\
    --hash=sha256:cc
"""


def locked(name: str) -> str:
    return (lock.LOCKS / f"{name}.txt").read_text()


def test_should_be_made_of_the_requirements_as_they_are() -> None:
    note = f"sha256:{lock.source_digest()}"
    stale = [n for n in ("processor", "torch-cpu", "torch-gpu") if note not in locked(n)]
    assert stale == [], "run: .venv/bin/python -m image.lock"


def test_should_lock_every_pinned_package_at_its_version() -> None:
    wanted = re.findall(r"^([\w.-]+==[^\s#;]+)", lock.REQUIREMENTS.read_text(), re.MULTILINE)
    have = {
        entry.split()[0].lower().replace("_", "-")
        for entry in lock.entries(locked("processor") + locked("torch-cpu"))
    }
    missing = {w.lower().replace("_", "-") for w in wanted} - have
    assert missing == {pinned(lock.REQUIREMENTS, "torch")}


def test_should_have_a_digest_for_every_package() -> None:
    for name in ("processor", "torch-cpu", "torch-gpu"):
        assert [e for e in lock.entries(locked(name)) if "--hash=sha256:" not in e] == []


def test_should_install_the_same_torch_with_and_without_cuda() -> None:
    version = pinned(lock.REQUIREMENTS, "torch")
    assert version is not None
    assert f"{version}+cpu " in locked("torch-cpu")
    assert f"{version} " in locked("torch-gpu")


def test_should_know_a_cpu_wheel_for_both_machines() -> None:
    assert locked("torch-cpu").count("--hash=sha256:") == 2


def test_should_name_the_packages_of_a_lock() -> None:
    assert lock.names(TEXT) == {"first", "second"}


def test_should_leave_out_packages_with_their_digests() -> None:
    assert lock.without(TEXT, {"first"}) == (
        'second==2.0 ; sys_platform == "linux" \\\n    --hash=sha256:cc\n'
    )
