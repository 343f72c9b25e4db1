"""End of a process in which user code ran: threads and processes that it left running do not hold it up."""

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

GRACE = 2.0  # seconds that threads and processes get to end by themselves

_hosts_user_code = False


def host_user_code() -> None:
    """Declare that user code runs in this process from now on; a crash in compiled code prints a traceback."""
    global _hosts_user_code
    _hosts_user_code = True
    if not faulthandler.is_enabled():
        with contextlib.suppress(ValueError, OSError):  # stderr is not a file
            faulthandler.enable()


class App(typer.Typer):
    """Application that exits when its command is done, whatever user code left running."""

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Run a command, then exit."""
        try:
            return super().__call__(*args, **options)
        except SystemExit as left:
            exit_if_held_up(left.code if isinstance(left.code, int) else int(left.code is not None))
            raise


def exit_if_held_up(code: int) -> None:
    """Exit at once if threads of user code would keep Python waiting; otherwise return."""
    if not _hosts_user_code:
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
