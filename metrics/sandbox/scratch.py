"""Scratch folder of a program: check of its size, and removal of anything in it."""

from __future__ import annotations

import os

MAX_ENTRIES = 2000
MAX_BYTES = 64 << 20
MAX_DEPTH = 50  # the deeper, the longer a check takes, and the program goes on meanwhile
_BLOCK = 512  # unit of st_blocks
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def overfull(folder: str) -> bool:
    """Whether the folder holds more entries or bytes than a program needs, or is nested too deep."""
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
    """Remove a folder of any depth, through descriptors: a path to it might be too long.

    No process may change it meanwhile.
    """
    names = [os.path.basename(folder)]
    current = _enter(names[0], os.open(os.path.dirname(folder), _FOLDER))
    while True:
        below = None
        with os.scandir(current) as listing:
            for entry in listing:
                if entry.is_dir(follow_symlinks=False):
                    below = entry.name
                else:
                    os.unlink(entry.name, dir_fd=current)
        if below is not None:
            names.append(below)
            current = _enter(below, current)
            continue
        parent = os.open("..", _FOLDER, dir_fd=current)
        os.close(current)
        os.rmdir(names.pop(), dir_fd=parent)
        if not names:
            os.close(parent)
            return
        current = parent


def _enter(name: str, above: int) -> int:
    """Open a folder within another, which is closed; also without permission to read."""
    try:
        try:
            return os.open(name, _FOLDER, dir_fd=above)
        except PermissionError:
            os.chmod(name, 0o700, dir_fd=above)
            return os.open(name, _FOLDER, dir_fd=above)
    finally:
        os.close(above)


def _entries(folder: str) -> list[os.DirEntry[str]]:
    """Entries of a folder, also without permission to read."""
    try:
        with os.scandir(folder) as listing:
            return list(listing)
    except PermissionError:
        os.chmod(folder, 0o700, follow_symlinks=os.chmod not in os.supports_follow_symlinks)
    with os.scandir(folder) as listing:
        return list(listing)
