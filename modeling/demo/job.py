"""One request of the page in metrics/llamoco/app.py, done in a process of its own: read, write, run, score.

Forked by ``demo.keeper``; reports that it is ready, takes one job from standard input, reports its results. A page on the web is
given problems by strangers: what they wrote runs in sandboxes (``metrics.confined_problem``, ``metrics.sandbox``), which are
opened first; then this process confines itself (``demo.confinement``), and only then takes the job. It holds no secret, has
limits on memory and processor time, and is killed at a deadline. What it says are lines of JSON, never pickles:
{"hello": ...} first, then any of {"problem"}, {"answer"}, {"progress"}, {"run"}, and {"done"} or {"error"} last.
"""

from __future__ import annotations

import json
import os
import resource
import select
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llamoco import dataset_builder, metrics, modeling
from llamoco.dataset_builder.optimizers.pool import identify
from llamoco.dataset_builder.problems.described import DescribedProblem
from llamoco.dataset_builder.problems.errors import ProblemError
from llamoco.dataset_builder.problems.evaluator import interpreter  # noqa: F401  (Numba compiles here, not later
from llamoco.dataset_builder.prompts.completion import parse_completion
from llamoco.dataset_builder.prompts.program import program_of
from llamoco.metrics.faithfulness import is_faithful, states_a_problem
from llamoco.metrics.run_records import row
from llamoco.metrics.sandbox import Sandbox
from llamoco.metrics.sandbox.tiers import SandboxUnavailable
from llamoco.metrics.scores import Attempt, Run
from llamoco.metrics.suitability import serves
from llamoco.modeling.demo import confinement
from llamoco.modeling.demo.reading import TIME_LIMIT, language_of, read_problem
from llamoco.modeling.demo.request import Job
from llamoco.modeling.generation.model_files import SHIPPED_MODEL
from llamoco.modeling.solving.answer import Answer, answer_problem, single_best_answer

if TYPE_CHECKING:
    from llamoco.modeling.generation.generator import Generator

Say = Callable[[dict[str, Any]], None]

MEMORY_LIMIT = 6 << 30
CPU_LIMIT = 300
FILE_LIMIT = 64 << 20
PROGRESS_EVERY = 0.2
IDLE = 0.5  # seconds without a job, after which the model is loaded in advance


class JobContext:
    """Resources of one job, opened before it arrives: the model and the sandboxes.

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
    from llamoco.modeling.generation.engines import load_generator  # torch takes longest to import

    return load_generator(SHIPPED_MODEL)


def answered(job: Job, problem: DescribedProblem, context: JobContext) -> Answer:
    """The program for a problem, by whoever was asked for it."""
    start = time.perf_counter()
    if job.writer == "model":
        return answer_problem(problem, context.generator)
    own = job.program if job.writer == "own" else ""
    decision, body, optimizer = parse_completion(own)
    known = identify(body)
    answer = Answer(
        problem=problem,
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
    return replace(answer, program=program_of(problem, own))


def handle(job: Job, context: JobContext, say: Say) -> None:
    """Do a job, telling what comes of it as it comes.

    Raises:
        ProblemError: with the message for the visitor.
    """
    job.check()
    with read_problem(job.problem, context.for_problem) as problem:
        names = ("dim", "lower", "upper", "max_evals", "n_inequality", "n_equality", "f0", "f_star")
        facts = {name: getattr(problem, name) for name in names}
        say({"problem": facts | {"language": language_of(job.problem)}})
        answer = answered(job, problem, context)
        fallback = answer.fallback
        if fallback is not None:
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
        more = {
            "serves": serves(answer.completion, problem),
            "seconds": answer.seconds,
            "fallback": fallback and fallback.explanation,
        }
        say({"answer": content | more})
        sandbox = context.for_program(answer)
        with _sandbox_trouble():
            faith = is_faithful(sandbox, answer.completion, problem)
            for number in range(job.runs):
                progress = _throttled(number, say)
                record = sandbox.run(
                    answer.completion, problem, job.seed + number, TIME_LIMIT, on_progress=progress
                )
                run = Run(problem, Attempt(answer.completion, record, faith))
                say({"run": row(0, number, run)})


@contextmanager
def _sandbox_trouble() -> Iterator[None]:
    """A sandbox whose process was killed from outside cannot be started anew from in here; nor can all files be removed."""
    try:
        yield
    except BrokenPipeError:
        raise
    except (SandboxUnavailable, OSError, subprocess.SubprocessError) as error:
        traceback_to_log()
        raise ProblemError(
            "the sandbox of the program ended, or holds files that could not be removed; please start the job again"
        ) from error


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
    """Report when ready and confined, run one job, and end."""
    words = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever else prints

    def say(content: dict[str, Any]) -> None:
        words.write(json.dumps(content) + "\n")
        words.flush()

    with ExitStack() as stack, suppress(BrokenPipeError):  # the page has gone
        context = JobContext(stack)
        if context.tier == "C":
            confinement.hide()  # no more is to be had, and what is a stranger's is not run
        else:
            confine()
        say({"hello": {"tier": context.tier}})
        if not select.select([0], [], [], IDLE)[0]:
            context.load()
        line = sys.stdin.readline()
        if not line:
            return
        _limit_self()
        try:
            handle(Job(**json.loads(line)), context, say)
            say({"done": True})
        except BrokenPipeError:
            raise
        except ProblemError as error:
            say({"error": str(error)})
        except RecursionError:
            traceback_to_log()
            say({"error": "the problem or the program is nested too deeply to be read; simplify it"})
        except MemoryError:
            traceback_to_log()
            say(
                {"error": "this takes too much memory here; make it smaller, or run `llamoco solve` yourself"}
            )
        except Exception:
            traceback_to_log()
            said = "something failed on the page's own side, which is in its log; please tell us how you came here"
            say({"error": said})


def confine() -> None:
    """Confine this process; its folder is the current one."""
    folders = [
        str(Path(path).resolve())
        for package in (dataset_builder, metrics, modeling)
        for path in package.__path__
    ]
    confinement.confine(os.getcwd(), [*folders, str(SHIPPED_MODEL)])


def traceback_to_log() -> None:
    """The traceback that is being handled; a stranger's text may be in it, and a log is read in a terminal."""
    lines = traceback.format_exc().splitlines()
    print(*(ascii(line)[1:-1] for line in lines), sep="\n", file=sys.stderr, flush=True)


def _limit_self() -> None:
    """Limits on this process, not on the sandboxes, which are running already and have their own."""
    for kind, limit in (
        (resource.RLIMIT_CPU, CPU_LIMIT),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, FILE_LIMIT),
    ):
        resource.setrlimit(kind, (limit, limit))
    if sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        size = pages * resource.getpagesize() + MEMORY_LIMIT
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
