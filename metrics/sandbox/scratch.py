"""The folder a program may write to: how full it is, and how to remove whatever it made there."""

from __future__ import annotations

import os

MAX_ENTRIES = 2000
MAX_BYTES = 256 << 20
MAX_DEPTH = 50  # the deeper, the longer a look takes, and the program goes on meanwhile
_BLOCK = 512  # unit of st_blocks


def overfull(folder: str) -> bool:
    """Whether the folder holds more entries or bytes than a program has use for, or is nested too deep."""
    pending, entries, size = [(folder, 0)], 0, 0
    while pending:
        path, depth = pending.pop()
        try:
            for entry in _entries(path):
                entries += 1
                size += _BLOCK * entry.stat(follow_symlinks=False).st_blocks
                if entries > MAX_ENTRIES or size > MAX_BYTES or depth > MAX_DEPTH:
                    return True
                if entry.is_dir(follow_symlinks=False):
                    pending.append((entry.path, depth + 1))
        except FileNotFoundError:
            continue
        except OSError:
            return True
    return False


def remove_tree(folder: str) -> None:
    """Remove a folder, however deep: folders inside are moved up first, as no path may get too long."""
    pending, moved = [folder], 0
    while pending:
        current = pending[-1]
        below = []
        for entry in _entries(current):
            if entry.is_dir(follow_symlinks=False):
                below.append(entry.path)
            else:
                os.unlink(entry.path)
        if not below:
            os.rmdir(current)
            pending.pop()
            continue
        for path in below:
            moved += 1
            flat = f"{folder}.{moved}"
            _unlock(path)
            os.rename(path, flat)
            pending.append(flat)


def _entries(folder: str) -> list[os.DirEntry[str]]:
    """What a folder holds, also where its maker may not look."""
    try:
        with os.scandir(folder) as listing:
            return list(listing)
    except PermissionError:
        _unlock(folder)
    with os.scandir(folder) as listing:
        return list(listing)


def _unlock(folder: str) -> None:
    """Give its owner all rights; never follows a link."""
    if os.chmod in os.supports_follow_symlinks:
        os.chmod(folder, 0o700, follow_symlinks=False)
        return
    descriptor = os.open(folder, os.O_PATH | os.O_NOFOLLOW | os.O_DIRECTORY)
    try:
        os.chmod(f"/proc/self/fd/{descriptor}", 0o700)
    finally:
        os.close(descriptor)
