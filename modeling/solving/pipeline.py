"""From a problem to a solved problem, in one function: answer, doubt, programs that share the budget, run, fallback.

``llamoco solve``, ``llamoco.minimize`` and whoever else solves a problem call ``solve_problem``. Nothing here imports torch or a
command line: the model, the runner and what is shown come as arguments.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.stagnation import Stagnation
from llamoco.metrics.sandbox.tiers import SandboxUnavailable
from llamoco.modeling.solving.answer import Answer, answer_problem, candidate_answers, single_best_answer
from llamoco.modeling.solving.best_so_far import SoFar
from llamoco.modeling.solving.diagnosis import Diagnosis, diagnose
from llamoco.modeling.solving.doubt import Doubt, doubts
from llamoco.modeling.solving.fallback import after_run
from llamoco.modeling.solving.portfolio import affords_turns, robust_turns, take_turns
from llamoco.modeling.solving.solution import Runner, Solution, best_of, run_answer
from llamoco.modeling.solving.successive_halving import affordable, halve

if TYPE_CHECKING:
    from llamoco.modeling.generation.load import Generator

__all__ = ["Listener", "Options", "Outcome", "Runner", "Stop", "solve_problem"]


class Stop(Exception):
    """Raised by ``Listener.progress`` or by the problem's own evaluator: end here and keep the best point so far.

    Its text is the reason that the solution gives.

    Attributes:
        verdict: of the solution.
    """

    def __init__(self, reason: str = "", verdict: str = "stopped") -> None:
        super().__init__(reason)
        self.verdict = verdict


class Listener:
    """What is told while a problem is solved. Subclasses show it; this one does nothing. ``progress`` may raise ``Stop``."""

    def chosen(self, answers: Sequence[Answer], doubts: Sequence[str]) -> None:
        """Which programs will run, and why there are several (no doubts where one has the whole budget)."""

    def fewer(self, count: int, asked: int) -> None:
        """The budget can try only so many of the candidates that were asked for."""

    def replaced(self, reason: str, answer: Answer) -> None:
        """The single best solver answers instead of the model."""

    def progress(self, evals: int, best_f: float | None) -> None:
        """Evaluations used in all runs, and the best feasible objective (minimised), None until there is one."""


@dataclass(frozen=True)
class Options:
    """How to solve.

    Attributes:
        seed: of the first run.
        runs: how often everything is run, each time with the whole budget and the next seed; the best run counts.
        candidates: how many of the model's likeliest programs share the budget by successive halving. 1: the likeliest has
            all of it. None: one program, unless there is doubt (see ``doubt``), when a portfolio shares the budget.
        time_limit: seconds that a program may take in a run beside the objective's own time.
        wall_limit: seconds for everything, the objective's time included; then the best point so far counts. It is looked at
            after each evaluation. None: the problem's own.
        tolerance: ends everything once the best value has improved by less for a while (see ``stagnation``); None: the problem's own.
        fallback: whether the single best solver may answer instead, see ``fallback``.
        side_by_side: whether points that are asked for together are evaluated together: the model then chooses among programs
            that do so.
    """

    seed: int = 0
    runs: int = 1
    candidates: int | None = None
    time_limit: float = 300.0
    wall_limit: float | None = None
    tolerance: float | None = None
    fallback: bool = True
    side_by_side: bool = False


@dataclass(frozen=True)
class Outcome:
    """What came of solving a problem.

    Attributes:
        answer: the program to save and to show: the one that found the best point, or where its box was drawn round the best point
            of others, the best of these.
        solution: the best point; None where nothing was run (no runner given). Its verdict is "interrupted" after Ctrl-C,
            "stopped" after ``Stop``, "time_limit" after ``wall_limit``, "converged" after ``tolerance`` and "problem_error" where the problem's own code failed.
        runs: one a seed; empty where they ended early.
        shares: what each program did with its share of the budget, as JSON objects; None where one program had all of it.
        doubts: why several programs share the budget, a sentence each; empty where one has it all, or candidates were asked for.
        replaced: why the single best solver answered instead of the model; None where it did not.
        diagnosis: what is known of why there is no feasible point; None where there is one, or nothing was run.
        error: what ended the runs early and is for the caller to raise: ProblemError, KeyboardInterrupt, or what else came through
            the problem's own code. None otherwise, after ``Stop``, ``wall_limit`` and ``tolerance`` too.
    """

    answer: Answer
    solution: Solution | None
    runs: tuple[Solution, ...] = ()
    shares: tuple[dict[str, Any], ...] | None = None
    doubts: tuple[str, ...] = ()
    replaced: str | None = None
    diagnosis: Diagnosis | None = None
    error: BaseException | None = None


def solve_problem(
    problem: Problem,
    generator: Generator,
    runner: Runner | None,
    options: Options = Options(),
    listener: Listener | None = None,
) -> Outcome:
    """Solve a problem within its budget, which is never exceeded, whoever shares it.

    Whatever ends a run early (Ctrl-C, ``Stop``, ``wall_limit``, an error of the problem's own code), the best point so far is
    returned. ``Outcome.error`` then holds what the caller may want to raise.

    Args:
        problem: what to solve.
        generator: the model.
        runner: runs the programs, opened by the caller (``metrics.sandbox.Sandbox``, ``in_process.InProcessRunner``); None to
            have the program alone.
        options: how.
        listener: what is told meanwhile.

    Raises:
        ModelError: the model cannot answer.
        SandboxUnavailable: the runner does not confine programs, and the answer is no program of the pool.
    """
    listener = listener or Listener()
    so_far = SoFar(problem)
    plan = _plan(so_far.problem, generator, options, listener)
    # A sandbox may still be starting: it is not waited for before it has to be.
    if runner is not None and not all(answer.known for answer in plan.answers) and runner.tier == "C":
        raise SandboxUnavailable("this machine cannot confine a program that is none of the benchmarked pool")
    reasons = tuple(doubt.reason for doubt in plan.doubts)
    listener.chosen(plan.answers, reasons)
    replaced = plan.fallback if len(plan.answers) == 1 else None
    outcome = Outcome(plan.answers[0], None, doubts=reasons, replaced=replaced)
    if runner is None:
        return outcome
    so_far.problem.point_evaluator()  # formulas are made ready meanwhile
    work = _Work(so_far.watching(runner), plan, options, listener, _Limits(problem, options))
    try:
        outcome = work.done(outcome)
    except Stop as stop:
        outcome = replace(
            work.outcome or outcome, solution=so_far.solution(stop.verdict, str(stop), options.seed)
        )
    except BaseException as error:
        verdict = "interrupted" if isinstance(error, KeyboardInterrupt) else "problem_error"
        reason = str(error) or (verdict if verdict == "interrupted" else type(error).__name__)
        solution = so_far.solution(verdict, reason, options.seed)
        return replace(work.outcome or outcome, solution=solution, error=error)
    assert outcome.solution is not None
    if not outcome.solution.feasible:
        outcome = replace(outcome, diagnosis=diagnose(problem, outcome.solution))
    return outcome


@dataclass(frozen=True)
class _Plan:
    """Which programs are to run.

    Attributes:
        answers: the programs; the first is the model's choice or what replaces it.
        doubts: why others share its budget, unless they were asked for.
        fallback: why the first is not the model's choice; None if it is.
    """

    answers: tuple[Answer, ...]
    doubts: tuple[Doubt, ...]
    fallback: str | None


def _plan(problem: Problem, generator: Generator, options: Options, listener: Listener) -> _Plan:
    asked = options.candidates or 1
    if asked == 1:
        answers = [answer_problem(problem, generator, options.side_by_side)]
    else:
        count = affordable(asked, problem.max_evals, problem.dim)
        if count < asked:
            listener.fewer(count, asked)
        answers = candidate_answers(problem, generator, count, options.side_by_side)
    own = answers[0]
    fallback = own.fallback if options.fallback else None
    if fallback is not None:
        single = single_best_answer(own)
        listener.replaced(fallback.reason, single)
        answers = [single, *(one for one in answers if one.optimizer != single.optimizer)][: len(answers)]
    found: tuple[Doubt, ...] = ()
    if options.candidates is None:
        # Where the calibration has a better answer to low confidence, that is no doubt any more.
        found = doubts(problem, None if fallback else own.confidence, own.calibrated)
        if not affords_turns(problem):
            found = tuple(doubt for doubt in found if doubt.unbounded)
    return _Plan(tuple(answers), found, None if fallback is None else fallback.reason)


class _Limits:
    """When everything is to end, by the options or, where they say nothing, by the problem."""

    def __init__(self, problem: Problem, options: Options) -> None:
        self._seconds = options.wall_limit or problem.time_limit
        self._deadline = time.monotonic() + (self._seconds or 0.0)
        self._tolerance = options.tolerance or problem.tolerance
        self._stagnation = self._tolerance and Stagnation(self._tolerance, problem.dim)

    def look(self, evals: int, best: float | None) -> None:
        """Raise ``Stop`` where it is time to end; see ``Listener.progress`` for the arguments."""
        if self._seconds and time.monotonic() > self._deadline:
            raise Stop(f"the time limit of {self._seconds:g} s is over", "time_limit")
        if self._stagnation and self._stagnation.reached(evals, best):
            raise Stop(
                f"the best value has stopped moving by more than the tolerance, {self._tolerance:g}",
                "converged",
            )


@dataclass
class _Work:
    """Runs what is planned.

    Attributes:
        outcome: as far as it is known, should the work end early.
    """

    runner: Runner
    plan: _Plan
    options: Options
    listener: Listener
    limits: _Limits
    outcome: Outcome | None = None
    _before: int = field(default=0)

    def done(self, outcome: Outcome) -> Outcome:
        """All runs, and what came of them."""
        self.outcome = outcome
        answer = outcome.answer
        if len(self.plan.answers) > 1:
            return self._halved(outcome)
        if self.plan.doubts:
            return self._shared(outcome)
        runs = self._one(answer)
        best = best_of(runs)
        never_began = after_run(best.failed, best.evals - best.begun, f"{best.verdict}: {best.reason}")
        if never_began and outcome.replaced is None and self.options.fallback:
            answer = single_best_answer(answer)
            self.listener.replaced(never_began.reason, answer)
            outcome = self.outcome = replace(outcome, answer=answer, replaced=never_began.reason)
            self._before = 0
            runs = self._one(answer)
        return replace(outcome, solution=best_of(runs), runs=tuple(runs))

    def _one(self, answer: Answer) -> list[Solution]:
        """One program, with each seed."""
        runs = []
        for seed in self._seeds():
            runs.append(run_answer(answer, self.runner, seed, self.options.time_limit, self._progress))
            self._before += answer.problem.max_evals
        return runs

    def _shared(self, outcome: Outcome) -> Outcome:
        """Programs that take turns, with each seed."""
        turns = robust_turns(outcome.answer, self.plan.doubts)
        runs, shares = [], []
        answer, best = outcome.answer, None
        for seed in self._seeds():
            shared = take_turns(turns, self.runner, seed, self.options.time_limit, self._progress)
            self._before += outcome.answer.problem.max_evals
            runs.append(shared.best)
            shares += shared.as_json(turns)
            if best is None or shared.best.better_than(best):
                best, answer = shared.best, turns[shared.source(turns)].answer
        return replace(outcome, answer=answer, solution=best_of(runs), runs=tuple(runs), shares=tuple(shares))

    def _halved(self, outcome: Outcome) -> Outcome:
        """Candidates by successive halving."""
        answers = self.plan.answers
        halving = halve(answers, self.runner, self.options.seed, self.options.time_limit, self._progress)
        replaced = self.plan.fallback if halving.winner == 0 else None
        return replace(
            outcome,
            answer=answers[halving.winner],
            solution=halving.best,
            runs=(halving.best,),
            shares=tuple(halving.as_json(answers)),
            replaced=replaced,
        )

    def _seeds(self) -> range:
        return range(self.options.seed, self.options.seed + self.options.runs)

    def _progress(self, evals: int, best: float | None) -> None:
        self.listener.progress(self._before + evals, best)
        self.limits.look(evals, best)
