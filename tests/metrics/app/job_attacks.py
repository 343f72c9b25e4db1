"""A page of its own, whose job attacks: python job_attacks.py page MARKERS MODE, in an environment that holds SECRET. Prints what came of it.

The job's process is the real one, but for what it does with its job: as if our readers or torch had a fault by which a stranger's
text is executed there. MODE is "confined", or "free": then nothing confines it, and a few attacks show that they would work.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

if __name__ == "__main__":  # an ordinary user has no kernels compiled yet, and no formula is evaluated here
    os.environ["NUMBA_DISABLE_JIT"] = "1"

from llamoco.modeling.demo import confinement, job, keeper, worker
from llamoco.modeling.demo.request import Job

SECRET = "hf_secret"
SPHERE = "Minimise $f(x) = x_1^2$ with $-1 \\le x_1 \\le 2$ within 60 evaluations.\n"
SHOWN = ("read environ of the page", "read a file of the same user", "write", "start a program", "UDP")
ALLOWED = ("write in its own folder", "start a thread", "import a module", "evaluate")


def page(markers: str, mode: str) -> None:
    """What app.py does, with a job that attacks."""
    if mode == "confined":
        confinement.hide()
    worker.COMMAND[:] = [sys.executable, __file__, mode]
    workers = worker.Workers()
    try:
        for said in workers.run(Job(json.dumps({"page": os.getpid(), "markers": markers}))):
            if "run" in said:
                print(json.dumps({"tier": workers.tier} | said["run"]))
            elif "error" in said:
                print(said["error"], file=sys.stderr)
    finally:
        workers.close()


def attack(asked: Job, context: job.JobContext, say: job.Say) -> None:
    """In the job's process, in its own thread and in one that was started later."""
    told = json.loads(asked.problem)
    actions = attacks(told["page"], Path(told["markers"]))
    results: dict[str, dict[str, str]] = {"first": {}, "thread": {}}

    def run(thread: str) -> None:
        for name, action in actions.items():
            if MODE == "confined" or name in SHOWN:
                results[thread][name] = outcome(action)

    run("first")
    thread = threading.Thread(target=run, args=("thread",))
    thread.start()
    thread.join()
    say({"run": results})


def outcome(action: Callable[[], Any]) -> str:
    """ "refused", or what the attack gained."""
    try:
        return f"gained {action()!r:.200}"
    except OSError as error:
        return "refused" if error.errno in (1, 13, 38) else f"failed: {error}"


def call(number: tuple[int, int], *arguments: Any) -> Callable[[], int]:
    """A system call by its numbers on x86_64 and aarch64."""

    def action() -> int:
        libc = ctypes.CDLL(None, use_errno=True)
        if (result := libc.syscall(number[os.uname().machine == "aarch64"], *arguments)) < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        return int(result)

    return action


def attacks(page: int, markers: Path) -> dict[str, Callable[[], Any]]:
    """By name; each does something that only an escape does, but for those in ``ALLOWED``."""
    kept = markers / "kept"
    actions: dict[str, Callable[[], Any]] = {}
    for who, pid in (("page", page), ("keeper", os.getppid())):
        for file in ("environ", "mem", "maps", "cmdline", "status"):
            actions[f"read {file} of the {who}"] = Path(f"/proc/{pid}/{file}").read_bytes
        actions[f"list descriptors of the {who}"] = lambda pid=pid: os.listdir(f"/proc/{pid}/fd")
        actions[f"signal the {who}"] = lambda pid=pid: os.kill(pid, 0)
        actions[f"ptrace the {who}"] = call((101, 117), 16, pid, 0, 0)
        actions[f"read memory of the {who}"] = call((310, 270), pid, 0, 0, 0, 0, 0)
        actions[f"open the {who}"] = call((434, 434), pid, 0)
        actions[f"limit the {who}"] = lambda pid=pid: resource.prlimit(pid, resource.RLIMIT_NOFILE, (0, 0))
    actions |= {
        "signal everybody": lambda: os.kill(-1, 0),
        "list processes": lambda: os.listdir("/proc"),
        "read accounts": Path("/etc/passwd").read_bytes,
        "read a file of the same user": kept.read_bytes,
        "list the temporary folder": lambda: os.listdir(markers),
        "write": lambda: (markers / "marker").write_text("x"),
        "append": lambda: kept.open("a").write("x"),
        "make a folder": lambda: os.mkdir(markers / "marker"),
        "make a link": lambda: os.symlink("/", markers / "marker"),
        "make a hard link": lambda: os.link(kept, markers / "marker"),
        "make a pipe": lambda: os.mkfifo(markers / "marker"),
        "move": lambda: os.rename(kept, markers / "marker"),
        "remove": lambda: os.unlink(kept),
        "truncate": lambda: os.truncate(kept, 0),
        "change rights": lambda: os.chmod(kept, 0o777),
        "change owner": lambda: os.chown(kept, os.getuid(), os.getgid()),
        "change times": lambda: os.utime(kept, (0, 0)),
        "change attributes": lambda: os.setxattr(kept, "user.x", b"x"),
        "change our code": lambda: open(job.__file__, "a").close(),
        "start a program": lambda: subprocess.run(["/bin/true"], check=True),
        "start a shell": lambda: os.posix_spawn("/bin/sh", ["sh", "-c", f"touch {markers}/marker"], {}),
        "become a program": lambda: os.execv("/bin/true", ["true"]),
        "fork": os.fork,
        "clone": call((56, 220), 17, 0, 0, 0, 0),
        "TCP": lambda: socket.create_connection(("127.0.0.1", 1), timeout=1),
        "UDP": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
        "a local socket": lambda: socket.socket(socket.AF_UNIX),
        "namespaces": call((272, 97), 0x10000000),
        "mount": call((165, 40), 0, 0, 0, 0, 0),
        "a key": call((250, 219), 0, -3, 1),
        "shared memory": call((29, 194), 77, 4096, 0o1666),
        "io_uring": call((425, 425), 8, 0),
        "a call of the future": call((600, 600)),
        "write in its own folder": lambda: Path("own").write_text("x"),
        "start a thread": lambda: threading.Thread(target=int).start(),
        "import a module": lambda: __import__("sched"),
        "evaluate": lambda: __import__("llamoco.dataset_builder.problems.files.latex_file"),
    }
    return actions


if __name__ == "__main__":
    if sys.argv[1] == "page":
        page(*sys.argv[2:])
    else:
        MODE = sys.argv.pop(1)
        if MODE == "free":
            job.confine = lambda: None
        job.handle = attack
        keeper.main()
