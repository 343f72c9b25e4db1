"""Launcher: starts the zygote and, however that ends, removes the folder of its programs.

    LLAMOCO_COMMAND='["python", ...]' python -I -S launcher.py FOLDER

A process of its own, since the evaluator may be killed before it can clean up, and in the evaluator's mount namespace,
in which the folder is not a mount. Run as a script, so that it costs no imports.
"""

import contextlib
import json
import os
import signal
import sys


def default_signals() -> None:
    """Reset inherited signals: ignored ones (with ``trap '' CHLD`` the kernel would reap the zygote's children) and blocked ones."""
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def main() -> None:
    """Start, wait, clean up."""
    folder, command = sys.argv[1], json.loads(os.environ.pop("LLAMOCO_COMMAND"))
    default_signals()
    child = os.fork()
    if child == 0:
        try:
            os.execvpe(command[0], command, os.environ)
        except OSError as error:
            os.write(2, f"{command[0]}: {error.strerror}\n".encode(errors="replace"))
        finally:
            os._exit(127)
    os.closerange(3, 1 << 16)  # the zygote's end of the control socket among them
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    from scratch import remove_tree

    with contextlib.suppress(OSError):
        remove_tree(folder)
    os._exit(status & 0xFF)


if __name__ == "__main__":
    main()
