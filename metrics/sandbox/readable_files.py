"""Files that programs may read: the standard library, the packages they may import, and their shared libraries.

No others, and all of them are put in the page cache before there is a program: reading time shows whether a file is
in the cache, so a file that only one program had read would be a message to the next.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

# Parts of the standard library that hold other packages, or that no program imports.
_LEFT_OUT = {
    "site-packages",
    "dist-packages",
    "test",
    "idlelib",
    "lib2to3",
    "ensurepip",
    "turtledemo",
    "tkinter",
}
_DEVICES = ("/dev/urandom", "/etc/ld.so.cache")
_READ = 1 << 20


def readable_paths(packages: list[ModuleType]) -> list[str]:
    """Find the files and folders that programs may read, and put them in the page cache.

    A child finds and reads them, so that the memory of this process, which is forked for each program, stays as it is.

    Args:
        packages: those that programs may import.
    """
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            paths = _paths(packages)
            _warm_up(paths)
            with os.fdopen(writing, "w", errors="surrogateescape") as pipe:
                pipe.write("\n".join(paths))
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, errors="surrogateescape") as pipe:
        found = pipe.read().split("\n")
    os.waitpid(pid, 0)
    return found


def _paths(packages: list[ModuleType]) -> list[str]:
    paths: set[str] = set(_DEVICES)
    folders = {Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib")}
    for folder in folders:
        paths |= {str(entry) for entry in folder.iterdir() if entry.name not in _LEFT_OUT}
    for package in packages:
        folder = Path(str(package.__file__)).parent
        paths |= {str(folder), f"{folder}.libs"}
    extensions = [file for folder in folders for file in (folder / "lib-dynload").glob("*.so")]
    return sorted(paths | _shared_libraries(extensions))


def _warm_up(paths: list[str]) -> None:
    """Read every file once, to the end; skip unreadable ones."""
    for file in _files(paths):
        with contextlib.suppress(OSError):
            descriptor = os.open(file, os.O_RDONLY)
            try:
                while os.read(descriptor, _READ):
                    pass
            finally:
                os.close(descriptor)


def _files(paths: list[str]) -> Iterator[str]:
    for path in paths:
        if path in _DEVICES:
            continue
        if not os.path.isdir(path):
            yield path
        for folder, _, names in os.walk(path):
            yield from (os.path.join(folder, name) for name in names)


def _shared_libraries(extensions: list[Path]) -> set[str]:
    """Load all extension modules; the shared libraries of this process."""
    if sys.platform != "linux":
        return set()
    for file in ("libgcc_s.so.1", *extensions):
        with contextlib.suppress(OSError):
            ctypes.CDLL(str(file))
    maps = Path("/proc/self/maps").read_text(errors="surrogateescape").splitlines()
    mapped = {fields[5] for line in maps if len(fields := line.split(maxsplit=5)) == 6}
    return {name for name in mapped if ".so" in name and os.path.isfile(name)}
