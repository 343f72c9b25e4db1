"""What programs can still tell each other by time and by process numbers, in bits: the sandbox closes the other ways.

    python examples/benchmarks/covert_channels.py [--trials N] [--seed S] [--json]

A writer and a reader work together as well as they can. After: the reader is the next program of the same sandbox.
Meanwhile: it runs in another sandbox at the same time. The bits are the mutual information of what was sent and what the
reader measured, sent symbols being equally likely; or, for the moment a program ends, what the measured scatter lets
through in the longest run that is allowed.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from llamoco.dataset_builder.benchmark.provenance import environment
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.metrics.sandbox.record import Record
from llamoco.metrics.sandbox.sandbox import TIME_LIMIT, Sandbox

PERIOD = 0.25  # seconds: when in it the writer ends is the symbol
WINDOWS = (0.01, 0.03, 0.1)  # seconds for one bit by load
BITS = 60  # sent by load in one run
NAMES = 500  # looked up in one run
PROBLEM = Problem(
    id="sphere",
    kind="source",
    lower=(-5.0, -5.0),
    upper=(5.0, 5.0),
    max_evals=10,
    n_inequality=0,
    n_equality=0,
    definition={
        "python": "LOWER, UPPER, MAX_EVALS = [-5] * 2, [5] * 2, 10\ndef objective(x): return x @ x\n"
    },
)
HEAD = """\
import os, pathlib, threading, time
import numpy as np
def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None):
    objective(lower)
"""
WRITE_END = """\
    while not {phase} <= time.time() % {period} < {phase} + .0005: pass
    return lower
"""
READ_TIME = "    print(time.time() % {period})\n    return lower\n"
WRITE_NUMBER = """\
    for _ in range({symbol}):
        thread = threading.Thread(target=int); thread.start(); thread.join()
    return lower
"""
READ_NUMBER = "    print(os.getpid())\n    return lower\n"
# One bit a window: streams through memory, which the reader's own stream then waits for, or sleeps.
WRITE_LOAD = """\
    data = np.ones(1 << 24)
    for n, bit in enumerate({bits}):
        end = {start} + (n + 1) * {window}
        while time.time() < end:
            if bit and time.time() > {start}: data.sum()
            else: time.sleep(.0005)
    return lower
"""
READ_LOAD = """\
    data = np.ones(1 << 20)
    for n in range({count}):
        end, passes = {start} + (n + 1) * {window}, 0
        while time.time() < end:
            if time.time() > {start}: data.sum(); passes += 1
        print(passes)
    return lower
"""
# A page of a file that programs may read: read by the writer or not, timed by the reader.
WRITE_PAGE = """\
    path = sorted(pathlib.Path(np.__file__).parent.rglob('*.h'))[{symbol} % 20]
    path.read_bytes()
    return lower
"""
READ_PAGE = """\
    took = []
    for path in sorted(pathlib.Path(np.__file__).parent.rglob('*.h'))[:20]:
        start = time.perf_counter(); path.read_bytes(); took.append(time.perf_counter() - start)
    print(int(np.argmin(took)))
    return lower
"""
# Names in a folder that programs may read, looked up in vain: the kernel remembers that there is no such file.
WRITE_NAMES = """\
    for n, bit in enumerate({bits}):
        try: bit and os.stat(f'{{os.path.dirname(os.__file__)}}/{prefix}{{n}}')
        except OSError: pass
    return lower
"""
READ_NAMES = """\
    took = []
    for n in range(-50, {count}):
        name = f'{{os.path.dirname(os.__file__)}}/{prefix}{{n}}'
        start = time.perf_counter_ns()
        try: os.stat(name)
        except OSError: pass
        took.append(time.perf_counter_ns() - start)
    print(*took[50:])
    return lower
"""


def information(pairs: Sequence[tuple[Any, Any]]) -> float:
    """Mutual information of pairs of symbols in bits, with the correction of Miller and Madow for few samples."""
    n = len(pairs)
    counts = [Counter(pairs), Counter(a for a, _ in pairs), Counter(b for _, b in pairs)]
    both, first, second = (
        -sum(c / n * math.log2(c / n) for c in counter.values()) + (len(counter) - 1) / (2 * n * math.log(2))
        for counter in counts
    )
    return max(0.0, first + second - both)


def run(sandbox: Sandbox, body: str) -> Record:
    """A program's record, which has to be that of a good one."""
    record = sandbox.run(HEAD + body, PROBLEM, seed=0, time_limit=30)
    if record.verdict != "ok":
        raise RuntimeError(f"{record.verdict}: {record.reason}")
    return record


def by_end(sandbox: Sandbox, trials: int, rng: random.Random) -> dict[str, float]:
    """The moment that a program ends, seen by the next one as the moment that it starts."""
    delays = []
    for _ in range(trials):
        phase = rng.uniform(0, 0.9 * PERIOD)
        run(sandbox, WRITE_END.format(phase=phase, period=PERIOD))
        seen = float(run(sandbox, READ_TIME.format(period=PERIOD)).output)
        delays.append((seen - phase) % PERIOD)
    middle = statistics.median(delays)
    scatter = statistics.median(abs(delay - middle) for delay in delays) * 1.4826
    bits = math.log2(TIME_LIMIT / (scatter * math.sqrt(2 * math.pi * math.e)))
    return {"scatter_ms": 1e3 * scatter, "bits_a_run": bits}


def by_number(sandbox: Sandbox, trials: int, rng: random.Random) -> dict[str, float]:
    """Process numbers: how many threads the writer started."""
    symbols = (0, 80, 160, 240)
    pairs = []
    for _ in range(trials):
        before = int(run(sandbox, READ_NUMBER).output)
        symbol = rng.randrange(len(symbols))
        run(sandbox, WRITE_NUMBER.format(symbol=symbols[symbol]))
        gone = int(run(sandbox, READ_NUMBER).output) - before
        # Two programs' skips beside the threads, 64 numbers on average.
        pairs.append((symbol, min(range(len(symbols)), key=lambda k: abs(gone - 66 - symbols[k]))))
    return {"bits_a_run": information(pairs)}


def by_page(sandbox: Sandbox, trials: int, rng: random.Random) -> dict[str, float]:
    """The page cache, by time: which of 20 files the writer has read."""
    pairs = []
    for _ in range(trials):
        symbol = rng.randrange(20)
        run(sandbox, WRITE_PAGE.format(symbol=symbol))
        pairs.append((symbol, int(run(sandbox, READ_PAGE).output)))
    shuffled = [(a, b) for (a, _), (_, b) in zip(pairs, rng.sample(pairs, len(pairs)), strict=True)]
    return {"bits_a_run": max(0.0, information(pairs) - information(shuffled))}


def by_name(sandbox: Sandbox, trials: int, rng: random.Random) -> dict[str, float]:
    """Names that are no files, by the time that looking them up takes: the more names a program looks up, the more bits."""
    capacities = []
    for _ in range(max(1, trials // 10)):
        bits, prefix = [rng.randrange(2) for _ in range(NAMES)], f"no{rng.randrange(10**9)}-"
        run(sandbox, WRITE_NAMES.format(bits=bits, prefix=prefix))
        took = list(map(int, run(sandbox, READ_NAMES.format(count=NAMES, prefix=prefix)).output.split()))
        middle = statistics.median(took)
        capacities.append(information([(bit, time < middle) for bit, time in zip(bits, took, strict=True)]))
    return {"names": NAMES, "bits_a_run": NAMES * statistics.mean(capacities)}


def by_load(writer: Sandbox, reader: Sandbox, trials: int, rng: random.Random) -> dict[str, float]:
    """The load on memory, seen by a program of another sandbox at the same time: the best of some windows and of ten trials each.

    How much passes depends on which cores the two happen to run on, and on what else the machine does; so not the mean.
    """
    best = {"right": 0.5, "window_ms": 0.0, "bits_a_second": 0.0}
    for window in WINDOWS:
        for _ in range(max(1, trials // 20)):
            bits = [rng.randrange(2) for _ in range(BITS)]
            values = {"start": time.time() + 0.3, "window": window}
            with ThreadPoolExecutor(1) as pool:
                writing = pool.submit(run, writer, WRITE_LOAD.format(bits=bits, **values))
                passes = list(map(int, run(reader, READ_LOAD.format(count=BITS, **values)).output.split()))
                writing.result()
            middle = statistics.median(passes)
            right = sum(bit == (count < middle) for bit, count in zip(bits, passes, strict=True)) / BITS
            error = min(max(1 - right, 1e-9), 1 - 1e-9)
            capacity = 1 + error * math.log2(error) + (1 - error) * math.log2(1 - error)
            if right > 0.5 and capacity / window > best["bits_a_second"]:
                best = {"right": right, "window_ms": 1e3 * window, "bits_a_second": capacity / window}
    return best


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=int, default=200, help="runs of writer and reader a channel")
    parser.add_argument("--seed", type=int, default=0, help="of what is sent")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    with Sandbox() as first, Sandbox() as second:
        measured = {
            "tier": first.tier,
            "after: the moment a program ends": by_end(first, options.trials, rng),
            "after: process numbers": by_number(first, options.trials, rng),
            "after: files read, by time": by_page(first, options.trials, rng),
            "after: names looked up in vain, by time": by_name(first, options.trials, rng),
            "meanwhile: load on memory": by_load(first, second, options.trials, rng),
        }
    if options.json:
        command = " ".join(["python examples/benchmarks/covert_channels.py", *sys.argv[1:]])
        print(
            json.dumps(
                {"command": command, "trials": options.trials, "seed": options.seed}
                | environment()
                | {"channels": measured},
                indent=1,
            )
        )
        return
    for name, figures in measured.items():
        print(name, figures)


if __name__ == "__main__":
    main()
