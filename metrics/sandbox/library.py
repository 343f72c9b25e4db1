"""Files that programs may read: the standard library, the packages they may import, the shared libraries that these need.

No more than that, and all of it in the page cache before there is a program: whether a file is there can be told by
the time that reading it takes, so a file that only one program had read would tell the next one about it.
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
    """Files and folders that programs may read.

    Args:
        packages: those that programs may import.
    """
    paths: set[str] = set(_DEVICES)
    folders = {Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib")}
    for folder in folders:
        paths |= {str(entry) for entry in folder.iterdir() if entry.name not in _LEFT_OUT}
    for package in packages:
        folder = Path(str(package.__file__)).parent
        paths |= {str(folder), f"{folder}.libs"}
    extensions = [file for folder in folders for file in (folder / "lib-dynload").glob("*.so")]
    return sorted(paths | set(_shared_libraries(extensions)))


def warm_up(paths: list[str]) -> None:
    """Read every file once, to the end; what may not be read is left out."""
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


def _shared_libraries(extensions: list[Path]) -> list[str]:
    """Libraries of this process, and those that extension modules need: a child loads them all, and says which those were."""
    if sys.platform != "linux":
        return []
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            for file in ("libgcc_s.so.1", *extensions):
                with contextlib.suppress(OSError):
                    ctypes.CDLL(str(file))
            maps = Path("/proc/self/maps").read_text(errors="surrogateescape").splitlines()
            mapped = {fields[5] for line in maps if len(fields := line.split(maxsplit=5)) == 6}
            with os.fdopen(writing, "w", errors="surrogateescape") as pipe:
                pipe.write("\n".join(name for name in mapped if ".so" in name and name.startswith("/")))
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, errors="surrogateescape") as pipe:
        names = pipe.read().split("\n")
    os.waitpid(pid, 0)
    return [name for name in names if os.path.isfile(name)]
