"""Mount namespace of the zygote: files are read-only, and its folder is in memory, with a size bounded by the kernel.

Made without help where the kernel lets an ordinary user have a user namespace, and for root where it may mount; the
zygote of tier A makes it inside bubblewrap's namespaces. Where the kernel refuses, the folder stays where it is, and
``watch`` looks at how full it gets.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import struct
import sys

from llamoco.metrics.sandbox.scratch import MAX_BYTES, MAX_ENTRIES

_CLONE_NEWNS, _CLONE_NEWUSER = 0x00020000, 0x10000000
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_REC, _MS_PRIVATE = 0x1, 0x2, 0x4, 0x8, 0x4000, 0x40000
_MOUNT_SETATTR = 442  # Linux 5.12; the same number on all architectures
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_ATTR_RDONLY, _ATTR_NOSUID = 0x1, 0x2
_CAPABILITIES_V3 = 0x20080522
_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 1, 2

NAMES = ("pid", "net", "ipc")

_LIBC = ctypes.CDLL(None, use_errno=True)


def private_folder(folder: str) -> bool:
    """Put an existing folder in memory and make everything else read-only, for the calling process alone.

    Reading through a read-only mount leaves no access time behind, which a later program could see.

    Returns:
        False, and nothing has changed that matters, where the kernel refuses.
    """
    if sys.platform != "linux" or not _unshare():
        return False
    try:
        _mount("none", "/", "", _MS_REC | _MS_PRIVATE)
        # A look finds more entries than are allowed before the kernel stops them.
        options = f"size={MAX_BYTES},nr_inodes={MAX_ENTRIES + 48},mode=700"
        _mount("llamoco", folder, "tmpfs", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC, options)
    except OSError:
        return False
    # Only now: a folder that did not come to lie in memory would be read-only, too.
    _set_attributes("/", _AT_RECURSIVE, added=_ATTR_RDONLY | _ATTR_NOSUID)
    _set_attributes(folder, 0, removed=_ATTR_RDONLY)
    return True


def hide_processes() -> None:
    """Cover /proc in the mount namespace that ``private_folder`` made: otherwise other processes could be counted."""
    with contextlib.suppress(OSError):
        _mount("llamoco", "/proc", "tmpfs", _MS_RDONLY, "size=4k,nr_inodes=2,mode=755")


def drop_capabilities() -> None:
    """Drop root's rights, but for reading files of any owner: limits bind, nothing can be mounted."""
    if sys.platform != "linux":
        return
    kept = 1 << _CAP_DAC_OVERRIDE | 1 << _CAP_DAC_READ_SEARCH
    header = struct.pack("<Ii", _CAPABILITIES_V3, 0)
    held = ctypes.create_string_buffer(24)
    if _LIBC.capget(header, held) != 0:
        return
    effective, permitted, _, *_ = struct.unpack("<6I", held)
    _LIBC.capset(header, struct.pack("<6I", effective & kept, permitted & kept, 0, 0, 0, 0))


def ids() -> dict[str, str]:
    """Identities of the namespaces that only bubblewrap can have made."""
    found = {}
    for name in NAMES:
        with contextlib.suppress(OSError):
            found[name] = os.readlink(f"/proc/self/ns/{name}")
    return found


def _unshare() -> bool:
    """Enter a mount namespace: as root directly, else in a user namespace in which user and group stay the same."""
    if _LIBC.unshare(_CLONE_NEWNS) == 0:
        return True
    user, group = os.geteuid(), os.getegid()
    if _LIBC.unshare(_CLONE_NEWUSER | _CLONE_NEWNS) != 0:
        return False
    try:
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{user} {user} 1"),
            ("gid_map", f"{group} {group} 1"),
        ):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
    except OSError:
        return False
    return True


def _set_attributes(target: str, flags: int, added: int = 0, removed: int = 0) -> None:
    """Change what a mount allows; kernels before 5.12 leave it as it is."""
    attributes = struct.pack("<4Q", added, removed, 0, 0)
    _LIBC.syscall(_MOUNT_SETATTR, _AT_FDCWD, target.encode(), flags, attributes, len(attributes))


def _mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    words = [word.encode() for word in (source, target, kind, data)]
    if _LIBC.mount(*words[:3], ctypes.c_ulong(flags), words[3]) != 0:
        raise OSError(ctypes.get_errno(), f"cannot mount {target}")
