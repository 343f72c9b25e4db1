"""Run a command as an ordinary user: python unprivileged.py USER REACHABLE COMMAND..., as root.

USER is the number of a user, with an account or without; REACHABLE a colon-separated list of folders that the command needs. Folders on
the way to them may be closed to others (/root is): in a mount namespace of this process's own they are covered by open ones that show
nothing else. No permission changes on disk. Exits with ``REFUSED`` where the kernel forbids that.
"""

from __future__ import annotations

import ctypes
import os
import stat
import sys
from pathlib import Path

REFUSED = 77
CLONE_NEWNS = 0x00020000
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000


def closed_ancestor(folder: Path) -> Path | None:
    """The outermost folder above that others may not enter."""
    for ancestor in reversed(folder.parents):
        if not ancestor.stat().st_mode & stat.S_IXOTH:
            return ancestor
    return None


def open_the_way(folders: list[Path]) -> None:
    """Cover what is closed above the folders.

    Raises:
        OSError: if the kernel refuses.
    """
    libc = ctypes.CDLL(None, use_errno=True)

    def mount(source: str, target: Path, kind: str, flags: int, data: str = "") -> None:
        words = [word.encode() for word in (source, str(target), kind, data)]
        if libc.mount(*words[:3], ctypes.c_ulong(flags), words[3]) != 0:
            raise OSError(ctypes.get_errno(), f"cannot mount {target}")

    behind = [(folder, closed) for folder in folders if (closed := closed_ancestor(folder)) is not None]
    if not behind:
        return
    if libc.unshare(CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "no mount namespace")
    mount("none", Path("/"), "", MS_REC | MS_PRIVATE)
    # Open descriptors still lead to what is about to be covered.
    kept = [(folder, os.open(folder, os.O_PATH)) for folder, _ in behind]
    for closed in {closed for _, closed in behind}:
        mount("tmpfs", closed, "tmpfs", 0, "mode=755")
    for folder, descriptor in kept:
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        mount(f"/proc/self/fd/{descriptor}", folder, "", MS_BIND | MS_REC)
        os.close(descriptor)


def main() -> None:
    user, folders, command = int(sys.argv[1]), sys.argv[2].split(":"), sys.argv[3:]
    os.umask(0o022)
    try:
        open_the_way([Path(folder) for folder in folders])
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
    except OSError as error:
        print(error, file=sys.stderr)
        sys.exit(REFUSED)
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
