"""Plan of a race: who runs, how often, by the evaluation budget of the problem.

Most evaluations would go to the few problems with the largest budgets: with budgets log-uniform in [20, 20000] three
quarters of them to the fifth beyond 5,000. A race on large budgets is shorter:

    budget          who screens             second  final               reference, where the optimum is unknown
    <= 1,000        all                     5 best  3 best, 3 seeds (5) 2 best, 3 times the budget
    <= 2,000        all                     -       3 best, 2 seeds (3) best, 1 time
    <= 20,000       not ``SHORT_RUNS_ONLY`` -       2 best, 2 seeds (3) best, 1 time
    beyond          ``LONGEST_RUNS``        -       2 best, 1 seed (2)  -

In brackets: seeds of finalists that are still close after the first ones.
"""

from __future__ import annotations

from dataclasses import dataclass

from llamoco.dataset_builder.optimizers.catalogue import GROUPS, Optimizer, group_of
from llamoco.dataset_builder.optimizers.configuration import Configuration, configured
from llamoco.dataset_builder.optimizers.pool import pool_for
from llamoco.dataset_builder.problems.problem import Problem

SCREEN_SEEDS = (0,)
SECOND_SEEDS = (1,)
REFERENCE_SEEDS = (30,)
CLOSE = 0.1  # in AOCC: finalists this close to the best after the first final seeds run on more

SHORT_BUDGET = 2000  # up to it, everybody screens
LONG_BUDGET = 20_000  # beyond it, only ``LONGEST_RUNS`` do

# Members that add less than .004 to the virtual best of the screen on the first edition's problems with budgets of
# 2,500 to 5,000, or that another of the same kind beats there; of the extension, those that pay at small budgets.
_UNCONSTRAINED, _CONSTRAINED = GROUPS
SHORT_RUNS_ONLY: dict[str, frozenset[str]] = {
    _UNCONSTRAINED: frozenset(
        [
            *(
                "cma_es",
                "de",
                "dual_annealing",
                "ga",
                "glpso",
                "l_bfgs_b",
                "pso",
                "rl_pso",
                "samr_ga",
                "trust_constr",
            ),
            *("de_cobyla", "direct_l", "powell"),
        ]
    ),
    _CONSTRAINED: frozenset(
        [
            *("constrained_ga", "dual_annealing", "ga", "glpso", "heco_de", "pso", "trust_constr"),
            "de_cobyla",
        ]
    ),
}
LONGEST_RUNS: dict[str, frozenset[str]] = {
    _UNCONSTRAINED: frozenset(
        ["slsqp", "cobyla", "subplex", "coordinate_search", "bipop_cma_es", "madde_bobyqa"]
    ),
    _CONSTRAINED: frozenset(
        ["slsqp", "cobyla", "subplex", "coordinate_search", "simulated_annealing", "amcde"]
    ),
}


@dataclass(frozen=True)
class Plan:
    """Plan of the races on problems up to an evaluation budget.

    Attributes:
        up_to: the largest budget.
        second: number of optimizers that run again after the screen, before finalists are chosen; 0 for no such stage.
        finalists: number of optimizers in the final.
        final_seeds: of all finalists.
        more_final_seeds: of those that are then within ``CLOSE`` of the best.
        references: number of reference runs.
        reference_factor: their budget, in budgets of the problem.
        check_seeds: of the answer and the single best solvers, where they are scored once more.
    """

    up_to: float
    second: int
    finalists: int
    final_seeds: tuple[int, ...]
    more_final_seeds: tuple[int, ...]
    references: int
    reference_factor: int
    check_seeds: tuple[int, ...]


PLANS = (
    Plan(1000, 5, 3, (20, 21, 22), (23, 24), 2, 3, (40, 41, 42)),
    Plan(SHORT_BUDGET, 0, 3, (20, 21), (22,), 1, 1, (40, 41, 42)),
    Plan(LONG_BUDGET, 0, 2, (20, 21), (22,), 1, 1, (40, 41)),
    Plan(float("inf"), 0, 2, (20,), (21,), 0, 1, (40,)),
)


def plan_for(problem: Problem) -> Plan:
    """The plan of the races on a problem, by its evaluation budget."""
    return next(plan for plan in PLANS if problem.max_evals <= plan.up_to)


def entrants(problem: Problem) -> list[Configuration]:
    """The optimizers that race on a problem, by its group, number of variables and evaluation budget."""
    return [
        configured(optimizer.name, problem)
        for optimizer in pool_for(problem.constrained, "all")
        if optimizer.affords(problem.dim, problem.max_evals) and _screens(optimizer, problem)
    ]


def _screens(optimizer: Optimizer, problem: Problem) -> bool:
    group = group_of(problem.constrained)
    if problem.max_evals <= SHORT_BUDGET:
        return True
    if problem.max_evals <= LONG_BUDGET:
        return optimizer.name not in SHORT_RUNS_ONLY[group]
    return optimizer.name in LONGEST_RUNS[group]


def expected_evals(problem: Problem) -> float:
    """Approximate number of evaluations that a race grants, before any run ends early."""
    plan = plan_for(problem)
    runs: float = len(entrants(problem)) + plan.second + plan.finalists * len(plan.final_seeds)
    runs += 2 * len(plan.more_final_seeds)
    if problem.f_star is None:
        runs += plan.references * plan.reference_factor
    return runs * problem.max_evals
