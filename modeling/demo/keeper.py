"""The process that keeps a job: it forks the job's, and ends it and removes its folder when the page goes, however it goes.

    python -P -m llamoco.modeling.demo.keeper FOLDER      the job's lines come over standard input and output

Standard input comes from the page. When it closes, since the job is over or the page was killed, nothing of the
job may be left: neither processes nor files. A job cannot see to that itself: it may be busy in a formula, and it is
confined. The job dies with its keeper (PDEATHSIG); the sandboxes' processes end when the job does.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time

from llamoco.metrics.sandbox.parent import die_with
from llamoco.metrics.sandbox.scratch import remove_tree

LIFETIME = 300.0  # seconds that a job may take, whatever becomes of the page's own clock
REMOVAL = 5.0  # seconds for the folder: the processes of sandboxes end shortly after the job
TICK = 0.2


def main() -> None:
    """Fork the job, wait for its end or the page's, clean up."""
    folder = sys.argv[1]
    # Whoever started the page may have had them ignored or blocked, which children inherit.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    keeper = os.getpid()
    pid = os.fork()
    if pid == 0:
        die_with(keeper)
        from llamoco.modeling.demo import job

        job.main()
        return
    for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(signum, lambda *_: None)  # the page decides; its own end is seen anyway
    _let_go_of_output()
    try:
        _watch(pid)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)
        remove(folder)


def _let_go_of_output() -> None:
    """The page reads until nobody can write any more."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.close(nothing)


def _watch(pid: int) -> None:
    """Until the page has gone, the job has ended, or has taken longer than any may."""
    poll = select.poll()
    poll.register(0, select.POLLIN)
    end = None
    while os.waitpid(pid, os.WNOHANG)[0] == 0:
        for _, event in poll.poll(1000 * TICK):
            if event & (select.POLLHUP | select.POLLERR):
                return
            end = time.monotonic() + LIFETIME  # there is a job to be read: what it is, is not looked at
            poll.modify(0, 0)
        if end is not None and time.monotonic() > end:
            return


def remove(folder: str) -> None:
    """Remove a folder in which processes may still be at work for a moment, and what was moved beside it."""
    end = time.monotonic() + REMOVAL
    while os.path.lexists(folder):
        with contextlib.suppress(OSError):
            remove_tree(folder)
            return
        if time.monotonic() > end:
            return
        time.sleep(0.05)


if __name__ == "__main__":
    main()
