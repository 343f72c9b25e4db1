"""Solve a problem: the model's answer, the robust rule, the runs, the fallback.

``llamoco solve``, ``llamoco.minimize`` and whoever else solves a problem call ``solve_problem``. Nothing here imports torch or a
command line: model, runner and listener are arguments.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from llamoco.dataset_builder.problems.problem import Problem
from llamoco.metrics.sandbox.tiers import SandboxUnavailable
from llamoco.modeling.solving.answer import Answer, answer_problem, single_best_answer, unasked_answer
from llamoco.modeling.solving.best_so_far import BestSoFar
from llamoco.modeling.solving.diagnosis import Diagnosis, diagnose
from llamoco.modeling.solving.fallback import Fallback, after_run
from llamoco.modeling.solving.limits import Limits, Stop, TimeLimited
from llamoco.modeling.solving.portfolio import affords_turns, robust_turns, take_turns
from llamoco.modeling.solving.probing import Probing, needs_probes, probe
from llamoco.modeling.solving.robust_rule import RiskFactor, risk_factors
from llamoco.modeling.solving.solution import (
    Progress,
    Runner,
    Solution,
    best_of,
    progress_in_total,
    run_answer,
)

if TYPE_CHECKING:
    from llamoco.modeling.generation.generator import Generator

__all__ = ["Limits", "Listener", "Options", "Outcome", "Runner", "Stop", "solve_problem"]


class Listener:
    """Receives news while a problem is solved; does nothing with it. ``progress`` may raise ``Stop``."""

    def probing(self, problem: Problem) -> None:
        """Probes of the problem's landscape begin; the model is asked after them. ``progress`` counts them, too."""

    def chosen(self, answer: Answer, risks: tuple[str, ...]) -> None:
        """The program that will run; with risk factors, the first of several that share the budget."""

    def fell_back(self, fallback: Fallback, answer: Answer) -> None:
        """The single best solver replaces the model's answer."""

    def progress(self, evals: int, best_f: float | None) -> None:
        """Evaluations used in all runs, and the best feasible objective (minimised), None until there is one."""


@dataclass(frozen=True)
class Options:
    """Options of solving.

    Attributes:
        seed: of the first run.
        runs: number of runs, each with the complete budget and the next seed; the best run counts.
        one_program: whether one program has the complete budget even where there are risk factors (see ``robust_rule``); then
            nothing is probed.
        time_limit: seconds that a program may take in a run beside the objective's own time.
        wall_limit: seconds in total, the objective's time included; then the best point so far counts. Checked after each
            evaluation. None: the problem's own.
        tolerance: ends everything once the best value has improved by less for a while (see ``stagnation``); None: the problem's own.
        fallback: whether the single best solver may answer instead, see ``fallback``.
        unsafe: whether a program that is not one of the pool may run without confinement, where there is none.
        side_by_side: whether points that are requested together are evaluated together: the model then chooses among programs
            that request several.
    """

    seed: int = 0
    runs: int = 1
    one_program: bool = False
    time_limit: float = 300.0
    wall_limit: float | None = None
    tolerance: float | None = None
    fallback: bool = True
    unsafe: bool = False
    side_by_side: bool = False


@dataclass(frozen=True)
class Outcome:
    """Outcome of solving a problem.

    Attributes:
        answer: the program to save and to show: the one that found the best point or, where its box was drawn around the best point
            of others, the best of these.
        solution: the best point; None where nothing was run (no runner given). Its verdict is "interrupted" after Ctrl-C, "stopped"
            after ``Stop``, "time_limit" after ``wall_limit``, "converged" after ``tolerance`` and "problem_error" where the
            problem's own code failed.
        runs: one a seed; empty where they ended early.
        probes: what probes told the model, in the words of its prompt; None without probes, or if they ended early.
        shares: the run of each program that shared the budget, as JSON objects; None where one program had all of it.
        risks: why several programs share the budget, a sentence each; empty where one has all of it.
        fallback: why the single best solver answered instead of the model; None where it did not.
        diagnosis: of the missing feasible point; None where there is one, or nothing was run.
        error: the exception that ended the runs early and is for the caller to raise: ProblemError, KeyboardInterrupt, or what else
            came through the problem's own code. None otherwise, also after ``Stop``, ``wall_limit`` and ``tolerance``.
    """

    answer: Answer
    solution: Solution | None
    runs: tuple[Solution, ...] = ()
    probes: str | None = None
    shares: tuple[dict[str, Any], ...] | None = None
    risks: tuple[str, ...] = ()
    fallback: Fallback | None = None
    diagnosis: Diagnosis | None = None
    error: BaseException | None = None


def solve_problem(
    problem: Problem,
    generator: Generator,
    runner: Runner | None,
    options: Options = Options(),
    listener: Listener | None = None,
) -> Outcome:
    """Solve a problem within its budget, which is never exceeded, however many programs share it.

    Whatever ends a run early (Ctrl-C, ``Stop``, ``wall_limit``, an error of the problem's own code), the best point so far is
    returned. ``Outcome.error`` then holds the exception that the caller may want to raise.

    Args:
        problem: the problem.
        generator: the model.
        runner: runs the programs, opened by the caller (``metrics.sandbox.Sandbox``, ``in_process.InProcessRunner``); None to
            write the program without running it.
        options: see ``Options``.
        listener: receives news meanwhile.

    Raises:
        ModelError: the model cannot answer.
        SandboxUnavailable: the runner does not confine programs, and the answer is no program of the pool.
    """
    listener = listener or Listener()
    so_far, limits = BestSoFar(problem), Limits(problem, options)
    watched = so_far.problem
    if limits.timed and watched.active_evaluator.compiled is None:
        watched = watched.with_evaluator(TimeLimited(watched.active_evaluator, limits))
    probing, ended = None, None
    if runner is not None and not options.one_program and needs_probes(watched):
        try:
            probing = _probe(watched, so_far, options, listener, limits)
        except BaseException as raised:  # the model still answers, and the best probe counts
            ended = raised
    try:
        plan = _plan(watched, generator, options, listener, probing)
    except KeyboardInterrupt as raised:
        if probing is None and ended is None:
            raise  # nothing was evaluated
        ended, plan = ended or raised, _Plan(unasked_answer(watched, probing), (), None)
    # A sandbox may still be starting: it is not waited for before it has to be.
    if runner is not None and not (plan.answer.known or options.unsafe) and runner.tier == "C":
        raise SandboxUnavailable(
            "this machine cannot confine a program that is not one of the benchmarked pool"
        )
    reasons = tuple(risk.reason for risk in plan.risks)
    listener.chosen(plan.answer, reasons)
    words = None if probing is None else probing.words
    outcome = Outcome(plan.answer, None, probes=words, risks=reasons, fallback=plan.fallback)
    if runner is None:
        return outcome
    watched.point_evaluator()  # formulas are compiled meanwhile
    execution = _Execution(so_far.watching(runner), plan, options, listener, limits, outcome, probing)
    try:
        if ended is not None:
            raise ended
        outcome = execution.run()
    except Stop as stop:
        outcome = replace(execution.outcome, solution=so_far.solution(stop.verdict, str(stop), options.seed))
    except BaseException as error:
        verdict = "interrupted" if isinstance(error, KeyboardInterrupt) else "problem_error"
        reason = str(error) or (verdict if verdict == "interrupted" else type(error).__name__)
        solution = so_far.solution(verdict, reason, options.seed)
        return replace(execution.outcome, solution=solution, error=error)
    assert outcome.solution is not None
    if not outcome.solution.feasible:
        outcome = replace(outcome, diagnosis=diagnose(problem, outcome.solution))
    return outcome


@dataclass(frozen=True)
class _Plan:
    """The programs to run.

    Attributes:
        answer: the model's choice or what replaces it.
        risks: why others share its budget.
        fallback: why it is not the model's choice; None if it is.
    """

    answer: Answer
    risks: tuple[RiskFactor, ...]
    fallback: Fallback | None


def _probe(
    problem: Problem, so_far: BestSoFar, options: Options, listener: Listener, limits: Limits
) -> Probing:
    listener.probing(problem)

    def progress(evals: int, best: float | None) -> None:
        listener.progress(evals, best)
        limits.check_time()  # probes do not search, so that they say nothing of stagnation

    return probe(problem, progress, options.side_by_side, so_far.watch)


def _plan(
    problem: Problem,
    generator: Generator,
    options: Options,
    listener: Listener,
    probing: Probing | None,
) -> _Plan:
    own = answer = answer_problem(problem, generator, options.side_by_side, probing)
    fallback = own.fallback if options.fallback else None
    if fallback is not None:
        answer = single_best_answer(own)
        listener.fell_back(fallback, answer)
    risks: tuple[RiskFactor, ...] = ()
    if not options.one_program:
        risks = risk_factors(problem)
        if not affords_turns(problem):
            risks = tuple(risk for risk in risks if risk.kind == "unbounded")
    return _Plan(answer, risks, fallback)


@dataclass
class _Execution:
    """Runs what is planned.

    Attributes:
        outcome: as far as it is known, should the execution end early.
        probing: what came before; each run continues from it.
    """

    runner: Runner
    plan: _Plan
    options: Options
    listener: Listener
    limits: Limits
    outcome: Outcome
    probing: Probing | None = None
    _before: int = field(default=0)

    def run(self) -> Outcome:
        """All runs, and what came of them."""
        answer = self.plan.answer
        if self.plan.risks:
            return self._run_portfolio(answer)
        runs = self._run_alone(answer)
        best = best_of(runs)
        fallback = after_run(
            best.failed, max(best.evals - best.evals_before, 0), f"{best.verdict}: {best.reason}"
        )
        if fallback and self.plan.fallback is None and self.options.fallback:
            answer = single_best_answer(answer)
            self.listener.fell_back(fallback, answer)
            self.outcome = replace(self.outcome, answer=answer, fallback=fallback)
            self._before = 0
            runs = self._run_alone(answer)
        return replace(self.outcome, solution=best_of(runs), runs=tuple(runs))

    def _run_alone(self, answer: Answer) -> list[Solution]:
        """One program, with each seed."""
        runs: list[Solution] = []
        for seed in self._seeds():
            limit, progress = self.options.time_limit, self._run_progress()
            solution = run_answer(answer, self.runner, seed, limit, progress, self._problem)
            runs.append(self._joined(solution, not runs))
            self._before += answer.problem.max_evals
        return runs

    def _run_portfolio(self, answer: Answer) -> Outcome:
        """Programs that take turns, with each seed."""
        turns = robust_turns(answer, self.plan.risks)
        runs: list[Solution] = []
        shares: list[dict[str, Any]] = []
        best: Solution | None = None
        for seed in self._seeds():
            limit, progress = self.options.time_limit, self._run_progress()
            result = take_turns(turns, self.runner, seed, limit, progress, self._problem)
            self._before += self.plan.answer.problem.max_evals
            runs.append(self._joined(result.best, not runs))
            shares += result.as_json(turns)
            if best is None or result.best.better_than(best):
                best, answer = result.best, turns[result.turn_to_save(turns)].answer
        return replace(
            self.outcome, answer=answer, solution=best_of(runs), runs=tuple(runs), shares=tuple(shares)
        )

    @property
    def _problem(self) -> Problem | None:
        """What programs run on; None for the answer's own problem."""
        return None if self.probing is None else self.probing.problem

    def _joined(self, solution: Solution, first: bool) -> Solution:
        return solution if self.probing is None else self.probing.joined(solution, seconds=first)

    def _run_progress(self) -> Progress:
        """Progress of one run as progress of all evaluations, probes included."""
        found = None if self.probing is None else self.probing.found
        return self._progress if found is None else progress_in_total(self._progress, found.evals, found)

    def _seeds(self) -> range:
        return range(self.options.seed, self.options.seed + self.options.runs)

    def _progress(self, evals: int, best: float | None) -> None:
        self.listener.progress(self._before + evals, best)
        self.limits.check(evals, best)
