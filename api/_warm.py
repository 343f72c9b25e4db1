"""Resources that are kept between calls until Python exits: the model, and processes in which programs run.

Threads may call at the same time: each has a process of its own while it runs. After a fork the child starts afresh.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from llamoco.metrics.sandbox.sandbox import Sandbox
from llamoco.metrics.sandbox.tiers import SandboxUnavailable
from llamoco.modeling.solving.in_process import InProcessRunner

if TYPE_CHECKING:
    from llamoco.modeling.generation.generator import Generator
    from llamoco.modeling.solving.solution import Runner

MOST_IDLE = 2  # processes that wait for a next call

_lock = threading.RLock()
_idle: list[Sandbox] = []
_models: dict[str, Generator] = {}
_of_parent: list[dict[str, Generator]] = []


def model(name: str | Path | None) -> Generator:
    """A model, loaded when it is first asked for; the shipped one if None.

    Raises:
        ModelError: if there is none.
    """
    from llamoco.modeling.generation.engines import load_generator
    from llamoco.modeling.generation.model_files import SHIPPED_MODEL

    key = str(name or SHIPPED_MODEL)
    with _lock:
        if key not in _models:
            _models[key] = load_generator(name or SHIPPED_MODEL)
        return _models[key]


def prepare() -> None:
    """Start a process in which programs can run, unless one is idle; does not wait for it."""
    with _lock:
        if not _idle:
            with contextlib.suppress(SandboxUnavailable):
                _idle.append(_sandbox())


@contextlib.contextmanager
def runner() -> Iterator[Runner]:
    """Runner of programs: confined where this machine can; else known code only, in this process where there is no fork."""
    with _lock:
        sandbox = _idle.pop() if _idle else None
    if sandbox is None:
        try:
            sandbox = _sandbox()
        except SandboxUnavailable:
            yield InProcessRunner()
            return
    try:
        yield sandbox
    except BaseException:
        discard(sandbox)
        raise
    with _lock:
        if len(_idle) < MOST_IDLE and not sandbox.closed:
            _idle.append(sandbox)
            return
    discard(sandbox)


def discard(runner: Runner) -> None:
    """Close a runner instead of keeping it."""
    if isinstance(runner, Sandbox) and not runner.closed:
        runner.close()


def _sandbox() -> Sandbox:
    # On tier C the pipeline refuses what is not known code.
    return Sandbox(allow_unsafe=True, wait=False)


def close() -> None:
    """End the idle processes."""
    with _lock:
        waiting, _idle[:] = list(_idle), []
    for sandbox in waiting:
        sandbox.close()


def _forget() -> None:
    """In a forked child: the processes are the parent's, and a model's threads did not come along."""
    global _lock
    _lock = threading.RLock()
    for sandbox in _idle:
        sandbox.leave_to_parent()
    _idle.clear()
    _of_parent.append(dict(_models))  # kept: to delete a model is to wait for its threads
    _models.clear()


atexit.register(close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
