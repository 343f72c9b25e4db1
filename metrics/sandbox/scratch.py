"""The folder a program may write to: how full it is, and how to remove whatever it made there."""

from __future__ import annotations

import os

MAX_ENTRIES = 2000


def overfull(folder: str) -> bool:
    """Whether the folder holds more entries than a program has use for, or is nested beyond reach."""
    pending, entries = [folder], 0
    while pending:
        try:
            with os.scandir(pending.pop()) as listing:
                for entry in listing:
                    entries += 1
                    if entries > MAX_ENTRIES:
                        return True
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
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
        with os.scandir(current) as listing:
            entries = list(listing)
        for entry in entries:
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
            os.rename(path, flat)
            pending.append(flat)
