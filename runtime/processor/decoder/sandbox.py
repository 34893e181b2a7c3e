"""What the decoding child gives up before it looks at an upload."""

import ctypes
import os
import resource
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from runtime.processor.decoder.landlock import restrict_files
from runtime.processor.decoder.seccomp import filter_system_calls

_NO_NEW_PRIVILEGES, _DEATH_SIGNAL = 38, 1
_CPU_GRACE_SECONDS = 5
_OPEN_FILES = 256
# What libraries look at while they load and count processors; nothing of this is anybody's secret.
_SYSTEM = ("/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/dev/null", "/dev/urandom")
_COUNTS = ("/sys/devices/system/cpu", "/sys/fs/cgroup", "/proc/self", "/proc/cpuinfo")


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxLimits:
    """How far a child may go: address space, processor time, the largest file it writes.

    `readable` are folders beside the job's that it may look into.
    """

    memory_mb: int
    cpu_seconds: int
    file_mb: int
    readable: tuple[str, ...] = ()


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent ends, however that ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGKILL)
        if os.getppid() != parent:  # it was faster
            os._exit(1)


def enter_sandbox(sandbox: SandboxLimits, *, folder: Path) -> list[str]:
    """Give up what decoding does not need; return the measures that this system could not take.

    To be called before any thread is started. Writes are possible below `folder` alone.
    """
    _limit(resource.RLIMIT_CORE, 0, 0)
    _limit(resource.RLIMIT_NOFILE, _OPEN_FILES, _OPEN_FILES)
    _limit(resource.RLIMIT_CPU, sandbox.cpu_seconds, sandbox.cpu_seconds + _CPU_GRACE_SECONDS)
    _limit(resource.RLIMIT_FSIZE, sandbox.file_mb << 20, sandbox.file_mb << 20)
    _limit(resource.RLIMIT_AS, sandbox.memory_mb << 20, sandbox.memory_mb << 20)
    if sys.platform != "linux":
        return ["no_new_privileges", "landlock", "seccomp"]
    libraries = [*sandbox.readable, *sys.path, sys.prefix, sys.base_prefix, *_SYSTEM, *_COUNTS]
    taken = {
        "no_new_privileges": ctypes.CDLL(None).prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0,
        "landlock": restrict_files(
            readable=[Path(path).resolve() for path in libraries if path], writable=[folder]
        ),
        "seccomp": filter_system_calls(),
    }
    return [name for name, done in taken.items() if not done]


def _limit(what: int, soft: int, hard: int) -> None:
    _, most = resource.getrlimit(what)
    if most != resource.RLIM_INFINITY:
        soft, hard = min(soft, most), min(hard, most)
    resource.setrlimit(what, (soft, hard))
