"""Run the table of hostile programs in a process of its own, on a machine that may lack something or as another user.

    python run_cases.py [--lack landlock,seccomp,namespaces,listener,bubblewrap] [--unsafe] NAME,NAME...

prints a line of JSON for each case: its name, its record, and the record of an honest program run after it; or an
exception of the sandbox's, and null. For a pair of ``covert_programs``: its name and the records of its reader for both bits.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from covert_programs import AFTER, MEANWHILE, Pair
from hostile_programs import CASES, HONEST, PROBLEM, Case
from lesser_machine import lack

from llamoco.metrics.sandbox import Sandbox, tiers
from llamoco.metrics.sandbox.record import Record

MEMORY_LIMIT = 512
WRITING = 0.4  # seconds that a writer works beside a reader


def run_case(sandbox: Sandbox, case: Case) -> Record:
    """The record of one case."""
    killed: list[int] = []

    def kill_once(evals: int, best_f: float | None) -> None:
        for pid in [] if killed else zygotes(sandbox):
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)

    watch = kill_once if case.kills_zygote else None
    record = sandbox.run(case.program, PROBLEM, 3, case.time_limit, MEMORY_LIMIT, watch)
    assert bool(killed) == case.kills_zygote, "no zygote was found"
    return record


def run_honest(sandbox: Sandbox) -> Record:
    """The record of a program that evaluates two points."""
    return sandbox.run(HONEST, PROBLEM, seed=3, memory_limit=MEMORY_LIMIT)


def found_after(sandbox: Sandbox, pair: Pair, bit: int) -> Record:
    """What a reader finds after a writer with this bit, in the same sandbox."""
    sandbox.run(pair.write(bit), PROBLEM, seed=3, memory_limit=MEMORY_LIMIT)
    return sandbox.run(pair.read, PROBLEM, seed=3, memory_limit=MEMORY_LIMIT)


def found_meanwhile(sandbox: Sandbox, other: Sandbox, pair: Pair, bit: int) -> Record:
    """What a reader finds while a writer with this bit is at work in another sandbox."""
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(other.run, pair.write(bit), PROBLEM, 3, WRITING, MEMORY_LIMIT)
        time.sleep(WRITING / 2)
        record = sandbox.run(pair.read, PROBLEM, seed=3, memory_limit=MEMORY_LIMIT)
        assert not writing.done()
    return record


def zygotes(sandbox: Sandbox) -> list[int]:
    """The processes of one sandbox: the zygote and its children, not bubblewrap's own."""
    found = []
    for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
        with contextlib.suppress(OSError):
            command, environment = (
                Path(f"/proc/{pid}/{name}").read_bytes() for name in ("cmdline", "environ")
            )
            ours = b"sandbox.zygote" in command and sandbox._scratch.encode() in environment
            if ours and b"bwrap" not in command:
                found.append(pid)
    return found


def of_line(line: str) -> tuple[str, tuple[Record, Record] | str]:
    """What a line says: name, and both records or the exception."""
    name, record, honest = json.loads(line)
    return name, record if isinstance(record, str) else (Record(**record), Record(**honest))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--lack", default="")
    parser.add_argument("--unsafe", action="store_true")
    parser.add_argument("names", type=lambda text: set(text.split(",")))
    options = parser.parse_args()
    lacking = set(filter(None, options.lack.split(",")))
    if "bubblewrap" in lacking:
        tiers.bubblewrap_works = lambda: False
    lack(sorted(lacking - {"bubblewrap"}))
    beside = [pair for pair in MEANWHILE if pair.name in options.names]
    with Sandbox(options.unsafe) as sandbox:
        for case in (case for case in CASES if case.name in options.names):
            try:
                records = [run_case(sandbox, case), run_honest(sandbox)]
                print(json.dumps([case.name, *(record.to_dict() for record in records)]), flush=True)
            except Exception as error:
                print(json.dumps([case.name, repr(error), None]), flush=True)
        for pair in (pair for pair in AFTER if pair.name in options.names):
            found = [found_after(sandbox, pair, bit) for bit in (0, 1)]
            print(json.dumps([pair.name, *(record.to_dict() for record in found)]), flush=True)
        if not beside:
            return
        with Sandbox(options.unsafe) as other:
            for pair in beside:
                found = [found_meanwhile(sandbox, other, pair, bit) for bit in (0, 1)]
                print(json.dumps([pair.name, *(record.to_dict() for record in found)]), flush=True)


if __name__ == "__main__":
    main()
