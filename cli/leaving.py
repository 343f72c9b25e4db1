"""The end of a process in which a person's own file ran: threads and processes that it left running do not hold it up."""

from __future__ import annotations

import atexit
import contextlib
import faulthandler
import multiprocessing
import os
import sys
import threading
import time
from typing import Any

import typer

GRACE = 2.0  # seconds that what still runs gets to end by itself

_hosted_own_code = False


def host_own_code() -> None:
    """A person's file runs in this process from now on. Should it crash in compiled code, it is told where."""
    global _hosted_own_code
    _hosted_own_code = True
    if not faulthandler.is_enabled():
        with contextlib.suppress(ValueError, OSError):  # stderr is no file
            faulthandler.enable()


class App(typer.Typer):
    """Commands that end when they are done, whatever a person's file left running."""

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Run a command, then leave."""
        try:
            return super().__call__(*args, **options)
        except SystemExit as left:
            end_if_held_up(left.code if isinstance(left.code, int) else int(left.code is not None))
            raise


def end_if_held_up(code: int) -> None:
    """End the process with an exit code if what a person's file left running would have Python wait for it; else return."""
    if not _hosted_own_code:
        return
    deadline = time.monotonic() + GRACE
    threads = [
        thread
        for thread in threading.enumerate()
        if thread is not threading.current_thread() and not thread.daemon
    ]
    children = [child for child in multiprocessing.active_children() if not child.daemon]
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    for child in children:
        child.join(max(0.0, deadline - time.monotonic()))
    for child in children:
        if child.is_alive():
            child.kill()
    if not any(thread.is_alive() for thread in threads):
        return
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
