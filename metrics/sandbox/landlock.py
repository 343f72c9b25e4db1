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

# Rights the kernel knows, by the version of its Landlock interface; what is handled and not granted is
# refused.
_KNOWN = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}
_KNOWN_SINCE_5 = (1 << 16) - 1


def version(libc: ctypes.CDLL) -> int:
    """Version of the kernel's Landlock interface; 0 where there is none."""
    return max(int(libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _CREATE_RULESET_VERSION)), 0)


def restrict(libc: ctypes.CDLL, readable: Iterable[str], writable: Iterable[str]) -> None:
    """Let the calling process open only what lies beneath the given paths, for good. Needs no_new_privs.

    Args:
        libc: the C library.
        readable: files and folders to read; those that do not exist are left out.
        writable: files and folders to read and write.

    Raises:
        OSError: if the kernel has no Landlock or refuses.
    """
    known = _KNOWN.get(version(libc), _KNOWN_SINCE_5)
    attribute = struct.pack("<Q", known)
    ruleset = libc.syscall(_CREATE_RULESET, attribute, ctypes.c_size_t(len(attribute)), 0)
    if ruleset < 0:
        raise OSError(ctypes.get_errno(), "the kernel refused a Landlock ruleset")
    read = _READ_FILE | _READ_DIR
    write = read | _WRITE_FILE | _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_REG | _TRUNCATE
    for paths, rights in ((readable, read), (writable, write)):
        for path in paths:
            if os.path.exists(path):
                _add(libc, ruleset, path, rights & known)
    if libc.syscall(_RESTRICT_SELF, ruleset, 0) != 0:
        raise OSError(ctypes.get_errno(), "the kernel refused to apply the Landlock ruleset")
    os.close(ruleset)


def _add(libc: ctypes.CDLL, ruleset: int, path: str, rights: int) -> None:
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    if not os.path.isdir(path):
        rights &= _FILE_RIGHTS
    try:
        rule = struct.pack("<Qi", rights, descriptor)
        if libc.syscall(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, rule, 0) != 0:
            raise OSError(ctypes.get_errno(), f"Landlock refused a rule for {path}")
    finally:
        os.close(descriptor)
