"""A seccomp filter for a process that only computes: no network, programs or other processes.

Numbers: the kernel's `arch/x86/entry/syscalls/syscall_64.tbl`, `include/uapi/asm-generic/unistd.h`.
"""

import ctypes
import errno
import os
import platform
from dataclasses import dataclass

_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER_AT, _MACHINE_AT, _FIRST_ARGUMENT_AT = 0, 4, 16
_ALLOW, _KILL, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000
_DENY = _ERROR | errno.EPERM
_CLONE_THREAD = 0x00010000
_X32_BIT = 0x40000000
_SET_MODE_FILTER, _ALL_THREADS = 1, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Machine:
    audit: int
    seccomp: int
    clone: int
    tgkill: int
    denied: tuple[int, ...]


# On all architectures: io_uring_setup, pidfd_send_signal, pidfd_open, pidfd_getfd.
_COMMON = (425, 424, 434, 438)
_CLONE3 = 435
_MACHINES = {
    "x86_64": _Machine(
        audit=0xC000003E,
        seccomp=317,
        clone=56,
        tgkill=234,
        denied=(
            *_COMMON,
            *(41, 42, 43, 44, 46, 49, 50, 53),  # socket, connect, accept, send*, bind, listen, pair
            *(57, 58, 59, 322),  # fork, vfork, execve, execveat
            *(62, 200, 129, 297),  # kill, tkill, rt_sigqueueinfo, rt_tgsigqueueinfo
            *(101, 310, 311, 298),  # ptrace, process_vm_*, perf_event_open
            *(161, 165, 272, 308),  # chroot, mount, unshare, setns
            *(248, 249, 250, 321, 323),  # keys, bpf, userfaultfd
        ),
    ),
    "aarch64": _Machine(
        audit=0xC00000B7,
        seccomp=277,
        clone=220,
        tgkill=131,
        denied=(
            *_COMMON,
            *(198, 199, 200, 201, 202, 203, 206, 211),  # socket, pair, bind, listen, accept, ...
            *(221, 281),  # execve, execveat
            *(129, 130, 138, 240),  # kill, tkill, rt_sigqueueinfo, rt_tgsigqueueinfo
            *(117, 270, 271, 241),  # ptrace, process_vm_*, perf_event_open
            *(51, 40, 97, 268),  # chroot, mount, unshare, setns
            *(217, 218, 219, 280, 282),  # keys, bpf, userfaultfd
        ),
    ),
}


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_uint16),
        ("if_true", ctypes.c_uint8),
        ("if_false", ctypes.c_uint8),
        ("value", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("filter", ctypes.POINTER(_Instruction)))


def filter_system_calls() -> bool:
    """Install the filter on every thread, permanently; return whether that worked.

    Requires `PR_SET_NO_NEW_PRIVS`. Forbidden calls fail with EPERM; threads may still start, and
    the process may end itself.
    """
    machine = _MACHINES.get(platform.machine())
    if machine is None:
        return False
    code = [_Instruction(*line) for line in _filter(machine, os.getpid())]
    program = _Program(len(code), (_Instruction * len(code))(*code))
    libc = ctypes.CDLL(None, use_errno=True)
    refused: int = libc.syscall(
        machine.seccomp, _SET_MODE_FILTER, _ALL_THREADS, ctypes.byref(program)
    )
    return refused == 0


def _filter(machine: _Machine, pid: int) -> list[tuple[int, int, int, int]]:
    """Return the program: (code, jump if true, jump if false, value) a line."""
    lines = [
        (_LOAD, 0, 0, _MACHINE_AT),
        (_JUMP_EQUAL, 1, 0, machine.audit),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER_AT),
        (_JUMP_AT_LEAST, 0, 1, _X32_BIT),
        (_RETURN, 0, 0, _DENY),
        # glibc falls back to clone, whose flags a filter can see.
        (_JUMP_EQUAL, 0, 1, _CLONE3),
        (_RETURN, 0, 0, _ERROR | errno.ENOSYS),
    ]
    for number, jump, value in (
        (machine.clone, _JUMP_BITS, _CLONE_THREAD),
        (machine.tgkill, _JUMP_EQUAL, pid),
    ):
        lines += [
            (_JUMP_EQUAL, 0, 4, number),
            (_LOAD, 0, 0, _FIRST_ARGUMENT_AT),
            (jump, 1, 0, value),
            (_RETURN, 0, 0, _DENY),
            (_RETURN, 0, 0, _ALLOW),
        ]
    for number in machine.denied:
        lines += [(_JUMP_EQUAL, 0, 1, number), (_RETURN, 0, 0, _DENY)]
    return [*lines, (_RETURN, 0, 0, _ALLOW)]
