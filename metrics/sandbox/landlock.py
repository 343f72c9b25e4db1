"""Landlock through ctypes: which files a confined process may open (landlock(7), kernel 5.13 and later)."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_CREATE_RULESET_VERSION = 1
_RULE_PATH_BENEATH = 1

_WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 1, 1 << 2, 1 << 3
_REMOVE_DIR, _REMOVE_FILE, _MAKE_DIR, _MAKE_REG = 1 << 4, 1 << 5, 1 << 7, 1 << 8
_TRUNCATE = 1 << 14
_FILE_RIGHTS = _WRITE_FILE | _READ_FILE | _TRUNCATE
_READ = _READ_FILE | _READ_DIR
_WRITE = _READ | _WRITE_FILE | _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_REG | _TRUNCATE

# Rights the kernel knows, by the version of its Landlock interface; what is handled and not granted is
# refused.
_KNOWN = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}
_KNOWN_SINCE_5 = (1 << 16) - 1


def version(libc: ctypes.CDLL) -> int:
    """Version of the kernel's Landlock interface; 0 where there is none."""
    return max(int(libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _CREATE_RULESET_VERSION)), 0)


class Landlock:
    """What programs may open: rules whose files and folders are looked up once.

    Args:
        libc: the C library.
        readable: files and folders to read; those that do not exist are left out.
        writable: files and folders to read and write.
    """

    def __init__(self, libc: ctypes.CDLL, readable: Iterable[str], writable: Iterable[str]) -> None:
        self._libc = libc
        self._known = _KNOWN.get(version(libc), _KNOWN_SINCE_5)
        self._attribute = struct.pack("<Q", self._known)
        self._rules = [
            self._rule(path, rights, os.open(path, os.O_PATH | os.O_CLOEXEC))
            for paths, rights in ((readable, _READ), (writable, _WRITE))
            for path in paths
            if os.path.exists(path)
        ]

    def ruleset(self, folder: str) -> int:
        """A ruleset for one program, which may also write to ``folder``: a descriptor, to be closed.

        Raises:
            OSError: if the kernel has no Landlock or refuses.
        """
        size = ctypes.c_size_t(len(self._attribute))
        ruleset = int(self._libc.syscall(_CREATE_RULESET, self._attribute, size, 0))
        if ruleset < 0:
            raise OSError(ctypes.get_errno(), "the kernel refused a Landlock ruleset")
        descriptor = os.open(folder, os.O_PATH | os.O_CLOEXEC)
        try:
            for rule in (*self._rules, self._rule(folder, _WRITE, descriptor)):
                if self._libc.syscall(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, rule, 0) != 0:
                    raise OSError(ctypes.get_errno(), "the kernel refused a Landlock rule")
        finally:
            os.close(descriptor)
        return ruleset

    def restrict(self, ruleset: int) -> None:
        """Let the calling process open only what the ruleset grants, for good. Needs no_new_privs.

        Raises:
            OSError: if the kernel refuses.
        """
        if self._libc.syscall(_RESTRICT_SELF, ruleset, 0) != 0:
            raise OSError(ctypes.get_errno(), "the kernel refused to apply the Landlock ruleset")

    def _rule(self, path: str, rights: int, descriptor: int) -> bytes:
        if not os.path.isdir(path):
            rights &= _FILE_RIGHTS
        return struct.pack("<Qi", rights & self._known, descriptor)
