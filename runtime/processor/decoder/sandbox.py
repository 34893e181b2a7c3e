"""The sandbox that the decoding child enters before it reads an upload."""

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
# Read by libraries while they load and count cores; nothing of this is secret.
_SYSTEM = ("/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/dev/null", "/dev/urandom")
_COUNTS = ("/sys/devices/system/cpu", "/sys/fs/cgroup", "/proc/self", "/proc/cpuinfo")


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxLimits:
    """Limits of address space, CPU time and the size of written files.

    `readable` are folders that it may read besides the job's.
    """

    memory_mb: int
    cpu_seconds: int
    file_mb: int
    readable: tuple[str, ...] = ()


def die_with_parent(parent: int) -> None:
    """Make the kernel kill this process when its parent ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGKILL)
        if os.getppid() != parent:  # the parent ended before the call
            os._exit(1)


def enter_sandbox(sandbox: SandboxLimits, *, folder: Path) -> list[str]:
    """Drop all rights that decoding does not need; return the measures this system lacks.

    Call it before any thread starts. Afterwards only files below `folder` can be written.
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
