"""One request of the page in metrics/llamoco/app.py, done in a process of its own: read, write, run, score.

    python -P -m llamoco.modeling.space.job      says hello, takes one job from standard input, tells what comes of it

A page on the web is given problems by strangers. Their Python runs in a sandbox (``metrics.confined_problem``),
as programs do in another; their LaTeX and JSON are read and evaluated here, by a process that holds no secret,
has limits on memory and processor time and is killed at a deadline by ``space.worker``. What it says are lines
of JSON, never pickles: {"hello": ...} first, then any of {"problem"}, {"answer"}, {"progress"}, {"run"}, and
{"done"} or {"error"} last.
"""

from __future__ import annotations

import json
import os
import re
import resource
import select
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from llamoco.dataset_builder.optimizers.pool import identify
from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.file import load
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.prompts.program import parse_completion, problem_text, program
from llamoco.dataset_builder.prompts.python_patterns import problem_section
from llamoco.metrics.confined_problem import MAX_DIM, confined_problem
from llamoco.metrics.faith import faithful, states_a_problem
from llamoco.metrics.runs import row
from llamoco.metrics.sandbox.slot import Sandbox
from llamoco.metrics.sandbox.tiers import SandboxUnavailable
from llamoco.metrics.scores import Attempt, Run
from llamoco.metrics.suitability import serves
from llamoco.modeling.shipped import SHIPPED_MODEL
from llamoco.modeling.solve import Answer, answer_problem, single_best_answer
from llamoco.modeling.space.worker import MAX_EVALS, Job

if TYPE_CHECKING:
    from llamoco.modeling.generation import Generator

Say = Callable[[dict[str, Any]], None]

TIME_LIMIT = 20.0
MEMORY_LIMIT = 6 << 30
CPU_LIMIT = 300
PROGRESS_EVERY = 0.2
IDLE = 0.5  # seconds without a job, after which the model is loaded in advance

_JSON = re.compile(r"\s*\{")
_PYTHON = re.compile(r"^\s*(def|class|import|from|@)\b|^\w+ *=|\b(MAX_EVALS|LOWER|UPPER)\b", re.MULTILINE)


class Understood(NamedTuple):
    """A problem as read: what is evaluated, its statement (for prompt and program), and the language it came in."""

    problem: Problem
    statement: Problem
    language: str


class Desk:
    """What one job needs at hand, made before it comes: the model and the sandboxes.

    Attributes:
        tier: how code is confined, see ``sandbox.tiers``. On tier C it is not: then the page runs no Python problem,
            and of programs those of the benchmarked pool only.
    """

    def __init__(self, stack: ExitStack) -> None:
        self._loading = stack.enter_context(ThreadPoolExecutor(1))
        self._generator: Future[Generator] | None = None
        self._for_problem: Sandbox | None = None
        try:
            with ThreadPoolExecutor(2) as starting:
                opened = [starting.submit(Sandbox) for _ in range(2)]
            self._for_program, self._for_problem = [stack.enter_context(future.result()) for future in opened]
        except SandboxUnavailable as error:
            print(error, file=sys.stderr)
            self._for_program = stack.enter_context(Sandbox(allow_unsafe=True))
        self.tier = self._for_program.tier

    def load(self) -> Future[Generator]:
        """Load the model, in the background: it takes seconds, and not every job needs it."""
        if self._generator is None:
            self._generator = self._loading.submit(_load)
        return self._generator

    @property
    def generator(self) -> Generator:
        """The model, once it is loaded."""
        return self.load().result()

    def for_problem(self) -> Sandbox:
        """The sandbox of a stranger's Python problem."""
        if self._for_problem is None:
            raise ProblemError(
                "this machine cannot confine Python problems (tier C): paste the problem as LaTeX, or run "
                "`llamoco solve` on your own machine"
            )
        return self._for_problem

    def for_program(self, answer: Answer) -> Sandbox:
        """The sandbox of a program."""
        if self.tier == "C" and not answer.known:
            raise ProblemError(
                "this machine cannot confine programs (tier C), and this one is none of the benchmarked pool: run it "
                "on a Linux machine of your own (kernel 5.13 or later)"
            )
        return self._for_program


def _load() -> Generator:
    from llamoco.modeling.generation import load_generator  # torch takes longest to import

    return load_generator(SHIPPED_MODEL)


def language_of(text: str) -> str:
    """ "json", "python" or "latex"."""
    if _JSON.match(text):
        return "json"
    return "python" if _PYTHON.search(text) else "latex"


@contextmanager
def understood(text: str, desk: Desk) -> Iterator[Understood]:
    """Read what was pasted; a Python problem can be evaluated until the block is left.

    Raises:
        ProblemError: if it is no problem, or too large a one for this page.
    """
    language = language_of(text)
    with ExitStack() as stack:
        if language == "json":
            problem = _of_the_set(text)
            source = problem_section(problem.system, problem.lower, problem.upper, problem.max_evals)
            definition = {"python": source}
        elif language == "python":
            sandbox = desk.for_problem()
            problem = stack.enter_context(confined_problem(text, "problem.py", sandbox, TIME_LIMIT))
            definition = {"python": text}
        else:
            file = Path("problem.tex")
            file.write_text(text, encoding="utf-8")
            problem = load(file)
            definition = problem.definition
        if problem.dim > MAX_DIM or problem.max_evals > MAX_EVALS:
            raise ProblemError(
                f"the problem has {problem.dim} variables and a budget of {problem.max_evals:,} evaluations; this "
                f"page takes {MAX_DIM} and {MAX_EVALS:,} at most. `llamoco solve` on your own machine takes any"
            )
        yield Understood(problem, replace(problem, kind="source", definition=definition), language)


def _of_the_set(text: str) -> Problem:
    """A problem of the data set from its JSON."""
    problem = Problem.from_json(text)
    if problem.kind != "synthetic":
        raise ProblemError("this JSON holds a problem FILE: paste its text instead")
    try:
        lower, upper = problem.lower_array, problem.upper_array
        sane = np.isfinite(lower).all() and np.isfinite(upper).all() and (lower < upper).all()
        if not sane or len(lower) != len(upper) or problem.max_evals < 1:
            raise ProblemError("problem JSON: lower has to be below upper, and max_evals at least 1")
        values = problem.evaluate((lower + upper)[None, :] / 2)
        if (values.g.shape[1], values.h.shape[1]) != (problem.n_inequality, problem.n_equality):
            raise ProblemError("problem JSON: n_inequality or n_equality is not what the definition has")
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        if isinstance(error, ProblemError):
            raise
        raise ProblemError(
            f"problem JSON: {type(error).__name__} ({error}); give the column `problem`"
        ) from error
    return problem


def answered(job: Job, found: Understood, desk: Desk) -> Answer:
    """The program for a problem, by whoever was asked for it."""
    start = time.perf_counter()
    if job.writer == "model":
        return answer_problem(found.statement, desk.generator)
    own = job.program if job.writer == "own" else ""
    decision, body, optimizer = parse_completion(own)
    known = identify(body)
    answer = Answer(
        problem=found.statement,
        completion=own,
        program=own,
        optimizer=known[0] if known else optimizer,
        config=known[1] if known else None,
        decision=decision,
        confidence=None,
        seconds=time.perf_counter() - start,
        warning=None,
    )
    if job.writer == "single best solver":
        return single_best_answer(answer)
    if states_a_problem(own):
        return answer
    return replace(answer, program=program(problem_text(found.statement), own))


def handle(job: Job, desk: Desk, say: Say) -> None:
    """Do a job, telling what comes of it as it comes.

    Raises:
        ProblemError: with the message for the visitor.
    """
    job.check()
    with understood(job.problem, desk) as found:
        problem = found.problem
        names = ("dim", "lower", "upper", "max_evals", "n_inequality", "n_equality", "f0", "f_star")
        say({"problem": {name: getattr(problem, name) for name in names} | {"language": found.language}})
        answer = answered(job, found, desk)
        doubt = answer.doubt
        if doubt is not None:
            answer = single_best_answer(answer)
        said = (
            "completion",
            "program",
            "optimizer",
            "config",
            "decision",
            "confidence",
            "calibrated",
            "known",
            "warning",
        )
        content = {name: getattr(answer, name) for name in said}
        more = {"serves": serves(answer.completion, problem), "seconds": answer.seconds, "replaced": doubt}
        say({"answer": content | more})
        sandbox = desk.for_program(answer)
        faith = faithful(sandbox, answer.completion, problem)
        for number in range(job.runs):
            progress = _throttled(number, say)
            record = sandbox.run(
                answer.completion, problem, job.seed + number, TIME_LIMIT, on_progress=progress
            )
            run = Run(problem, Attempt(answer.completion, record, faith))
            say({"run": row(0, number, run)})


def _throttled(run: int, say: Say) -> Callable[[int, float | None], None]:
    """A teller of progress that speaks a few times a second."""
    last = time.monotonic()

    def tell(evals: int, best: float | None) -> None:
        nonlocal last
        if time.monotonic() - last >= PROGRESS_EVERY:
            last = time.monotonic()
            say({"progress": {"run": run, "evals": evals, "best": best}})

    return tell


def main() -> None:
    """Say hello when ready, do the one job that comes, and end."""
    words = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever else prints

    def say(content: dict[str, Any]) -> None:
        words.write(json.dumps(content) + "\n")
        words.flush()

    with ExitStack() as stack:
        desk = Desk(stack)
        say({"hello": {"tier": desk.tier}})
        if not select.select([0], [], [], IDLE)[0]:
            desk.load()
        line = sys.stdin.readline()
        if not line:
            return
        _limit_self()
        try:
            handle(Job(**json.loads(line)), desk, say)
            say({"done": True})
        except (ProblemError, MemoryError, RecursionError) as error:
            said = str(error) if isinstance(error, ProblemError) else "this takes too much memory here"
            say({"error": said})
        except Exception:
            traceback.print_exc()
            say(
                {
                    "error": "something failed on the page's own side, which is in its log; please tell us how you came here"
                }
            )


def _limit_self() -> None:
    """Limits on this process, not on the sandboxes, which are running already and have their own."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_LIMIT, CPU_LIMIT))
    if sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        size = pages * resource.getpagesize() + MEMORY_LIMIT
        resource.setrlimit(resource.RLIMIT_AS, (size, size))


if __name__ == "__main__":
    with suppress(BrokenPipeError):  # the page has gone
        main()
