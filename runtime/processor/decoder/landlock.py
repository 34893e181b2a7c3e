"""Landlock: restricts the files that this process may access, without privileges.

Numbers and structures: the kernel's `include/uapi/linux/landlock.h`.
"""

import ctypes
import os
from collections.abc import Iterable
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # equal on all architectures
_ASK_VERSION = 1
_RULE_PATH_BENEATH = 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_ALL_OF_VERSION_1 = (1 << 13) - 1
_REFER, _TRUNCATE = 1 << 13, 1 << 14
_FIRST_WITH_REFER, _FIRST_WITH_TRUNCATE, _FIRST_WITH_NETWORK, _FIRST_WITH_SCOPES = 2, 3, 4, 6
_BIND_AND_CONNECT = 3
_SOCKETS_AND_SIGNALS = 3
_OF_A_FILE = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE


class _Ruleset(ctypes.Structure):
    _fields_ = (
        ("files", ctypes.c_uint64),
        ("network", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def restrict_files(*, readable: Iterable[Path], writable: Iterable[Path]) -> bool:
    """Restrict this thread, and those it starts, to these paths; return whether that worked.

    Missing paths are skipped. Newer kernels also forbid TCP connections, and signals and sockets to
    other processes.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    version: int = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_VERSION)
    if version < 1:
        return False
    handled = _ALL_OF_VERSION_1
    handled |= _REFER if version >= _FIRST_WITH_REFER else 0
    handled |= _TRUNCATE if version >= _FIRST_WITH_TRUNCATE else 0
    rules = _Ruleset(
        handled,
        _BIND_AND_CONNECT if version >= _FIRST_WITH_NETWORK else 0,
        _SOCKETS_AND_SIGNALS if version >= _FIRST_WITH_SCOPES else 0,
    )
    ruleset: int = libc.syscall(
        _CREATE_RULESET, ctypes.byref(rules), ctypes.c_size_t(ctypes.sizeof(rules)), 0
    )
    if ruleset < 0:
        return False
    try:
        for paths, allowed in ((readable, _READ_FILE | _READ_DIR | _EXECUTE), (writable, handled)):
            for path in paths:
                _allow(libc, ruleset, path, allowed & handled)
        refused: int = libc.syscall(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)
    return refused == 0


def _allow(libc: ctypes.CDLL, ruleset: int, path: Path, allowed: int) -> None:
    try:
        folder = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        rule = _Beneath(allowed if path.is_dir() else allowed & _OF_A_FILE, folder)
        libc.syscall(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(folder)
