"""Worker process of ``runner.Runner``: predictions run in one sandbox, on one core of its own."""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import itertools
import os
import signal
import threading
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from llamoco.dataset_builder.problems.portable_rng import run_seed
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.prompts.program_text import clean_text, length_error
from llamoco.metrics.faithfulness import is_faithful
from llamoco.metrics.reference import ReferenceFailure, evaluated_apart
from llamoco.metrics.sandbox import Sandbox
from llamoco.metrics.sandbox.outcome import Verdict
from llamoco.metrics.sandbox.record import Record
from llamoco.metrics.sandbox.scratch import remove_tree
from llamoco.metrics.sandbox.tiers import SandboxUnavailable
from llamoco.metrics.scores import Attempt

PARENT_LOOK = 0.5  # seconds between looks whether the parent is still there
CLEAN_UP = 15.0  # seconds for ending in good order once it is not


class Settings(NamedTuple):
    """Settings of runs, see ``runner.Runner``."""

    runs: int
    seed: int
    allow_unsafe: bool
    time_limit: float


_settings: Settings
_folder: str
_number: int
_sandbox: Sandbox | SandboxUnavailable


def begin(parent: int, folder: str, cores: Sequence[int], settings: Settings) -> None:
    """Prepare this process.

    Args:
        parent: process that it ends with, however that ends.
        folder: shared by the workers of a runner; where their sandboxes keep files, and they their numbers.
        cores: worker k keeps to one of them, zygote and programs with it: evaluator and program take turns, so
            that the second core would be of no use, and a request that stays on one core takes half the time.
            May be empty.
        settings: how predictions are run.
    """
    global _settings, _folder, _number, _sandbox
    _settings, _folder, _number = settings, folder, _take_number(folder)
    # Ctrl-C reaches the whole terminal: the parent decides. A handler, as what is ignored stays so in the zygote.
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    signal.signal(signal.SIGTERM, _end)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    if cores:
        os.sched_setaffinity(0, {cores[_number % len(cores)]})
    try:
        _sandbox = Sandbox(settings.allow_unsafe)
    except SandboxUnavailable as error:
        _sandbox = error
    else:
        atexit.register(_sandbox.close)


def tier() -> str:
    """The tier, see ``sandbox.tiers``.

    Raises:
        SandboxUnavailable: where they cannot be.
    """
    return _ready().tier


def run(program: str, repair: str | None, problem: Problem) -> list[tuple[Attempt, Attempt | None]]:
    """Run a program as often as the settings say, and its repair where it fails.

    A program that is too long fails, unread. Where the code of a reference of kind source fails, so do the runs: as
    harness_errors, which nobody is charged with.

    Raises:
        SandboxUnavailable: where programs cannot be confined.
    """
    sandbox = _ready()
    program, repair = clean_text(program), None if repair is None else clean_text(repair)
    try:
        with evaluated_apart(problem) as apart:
            return _runs(sandbox, program, repair, apart)
    except ReferenceFailure as failure:
        return [
            (Attempt(program, _unrun(program, problem, number, "harness_error", str(failure)), None), None)
            for number in range(_settings.runs)
        ]


def _runs(
    sandbox: Sandbox, program: str, repair: str | None, problem: Problem
) -> list[tuple[Attempt, Attempt | None]]:
    faith = is_faithful(sandbox, program, problem)
    faith_of_repair = None if repair is None else is_faithful(sandbox, repair, problem)

    def attempt(text: str, number: int, is_faithful: bool | None) -> Attempt:
        if reason := length_error(text):
            return Attempt(text, _unrun(text, problem, number, "syntax_error", reason), is_faithful)
        seed = run_seed(_settings.seed, problem.id, number)
        try:
            record = sandbox.run(text, problem, seed, time_limit=_settings.time_limit)
        except ReferenceFailure as failure:
            record = _unrun(text, problem, number, "harness_error", str(failure))
        return Attempt(text, record, is_faithful)

    done: list[tuple[Attempt, Attempt | None]] = []
    for number in range(_settings.runs):
        first = attempt(program, number, faith)
        again = attempt(repair, number, faith_of_repair) if first.failed and repair is not None else None
        done.append((first, again))
    return done


def _unrun(program: str, problem: Problem, number: int, verdict: Verdict, reason: str) -> Record:
    """The record of a run that did not take place, or was broken off."""
    return Record(
        verdict=verdict,
        reason=reason,
        tier=_ready().tier,
        seed=run_seed(_settings.seed, problem.id, number),
        source_hash=hashlib.sha256(program.encode("utf-8", "surrogatepass")).hexdigest(),
        versions=_ready().versions,
    )


def _ready() -> Sandbox:
    if isinstance(_sandbox, SandboxUnavailable):
        raise _sandbox
    return _sandbox


def _take_number(folder: str) -> int:
    """The first number that no other worker has."""
    for number in itertools.count():
        with contextlib.suppress(FileExistsError):
            os.close(os.open(os.path.join(folder, str(number)), os.O_CREAT | os.O_EXCL))
            return number
    raise AssertionError


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(PARENT_LOOK)
    os.kill(os.getpid(), signal.SIGTERM)  # to end in the main thread, unless it is busy
    time.sleep(CLEAN_UP)
    os._exit(1)


def _end(*_: Any) -> None:
    """End in good order with a program running: its sandbox closes, and the last worker removes their folder."""
    with contextlib.suppress(Exception):
        if isinstance(_sandbox, Sandbox):
            _sandbox.close()
    with contextlib.suppress(OSError):
        os.unlink(os.path.join(_folder, str(_number)))
    with contextlib.suppress(OSError):
        # Not only where it is empty: a sandbox that was just being started may not have come to remove its files.
        if not any(map(str.isdigit, os.listdir(_folder))):
            remove_tree(_folder)
            os.rmdir(os.path.dirname(_folder))
    os._exit(1)
