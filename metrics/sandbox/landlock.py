"""Landlock through ctypes: files that a confined process may open (landlock(7), kernel 5.13 and later)."""

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
MOVE = 1 << 13  # between folders
_FILE_RIGHTS = _WRITE_FILE | _READ_FILE | _TRUNCATE
READ = _READ_FILE | _READ_DIR
ADD = READ | _WRITE_FILE | _MAKE_DIR | _MAKE_REG | _TRUNCATE
WRITE = ADD | _REMOVE_DIR | _REMOVE_FILE

# Rights the kernel knows, by the version of its Landlock interface; what is handled and not granted is
# refused.
_KNOWN = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}
_KNOWN_SINCE_5 = (1 << 16) - 1
_NETWORK, _SCOPES = 0b11, 0b11  # TCP, both ways; abstract sockets and signals

Rule = tuple[str, int]


def version(libc: ctypes.CDLL) -> int:
    """Version of the kernel's Landlock interface; 0 where there is none."""
    return max(int(libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _CREATE_RULESET_VERSION)), 0)


class Landlock:
    """Makes rulesets and applies them. A process may apply several: it keeps the rights that all of them grant.

    Args:
        libc: the C library.
    """

    def __init__(self, libc: ctypes.CDLL) -> None:
        self._libc = libc
        self._version = version(libc)
        self._known = _KNOWN.get(self._version, _KNOWN_SINCE_5)

    def everything(self, rules: Iterable[Rule], isolated: bool = False) -> int:
        """A ruleset that leaves a process no rights on files but those of the rules, which are (path, rights).

        Paths that do not exist are left out. Returns a descriptor, to be closed.

        Args:
            rules: what is granted.
            isolated: whether TCP, abstract sockets and signals to others are refused, too, where the kernel can.

        Raises:
            OSError: if the kernel has no Landlock or refuses.
        """
        return self._ruleset(self._known, rules, isolated)

    def changes(self, rules: Iterable[Rule]) -> int:
        """A ruleset that leaves reading as it is and, of everything else, what the rules grant.

        Raises:
            OSError: if the kernel has no Landlock or refuses.
        """
        return self._ruleset(self._known & ~READ, rules)

    def restrict(self, ruleset: int) -> None:
        """Apply a ruleset to the calling process, for good. Needs no_new_privs.

        Raises:
            OSError: if the kernel refuses.
        """
        if self._libc.syscall(_RESTRICT_SELF, ruleset, 0) != 0:
            raise OSError(ctypes.get_errno(), "the kernel refused to apply the Landlock ruleset")

    def _ruleset(self, handled: int, rules: Iterable[Rule], isolated: bool = False) -> int:
        attribute = struct.pack("<Q", handled)
        if isolated:
            attribute += struct.pack("<Q", _NETWORK) if self._version >= 4 else b""
            attribute += struct.pack("<Q", _SCOPES) if self._version >= 6 else b""
        size = ctypes.c_size_t(len(attribute))
        ruleset = int(self._libc.syscall(_CREATE_RULESET, attribute, size, 0))
        if ruleset < 0:
            raise OSError(ctypes.get_errno(), "the kernel refused a Landlock ruleset")
        for path, rights in rules:
            try:
                descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
            except FileNotFoundError:
                continue
            try:
                if not os.path.isdir(path):
                    rights &= _FILE_RIGHTS
                rule = struct.pack("<Qi", rights & handled, descriptor)
                if self._libc.syscall(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, rule, 0) != 0:
                    raise OSError(ctypes.get_errno(), f"the kernel refused a Landlock rule for {path}")
            finally:
                os.close(descriptor)
        return ruleset
