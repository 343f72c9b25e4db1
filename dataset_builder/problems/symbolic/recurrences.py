"""Runs of recurrences, step by step, and models of this kind that are fitted to a series: epidemics, predators, stocks."""

from __future__ import annotations

import math

import numpy as np

from llamoco.dataset_builder.problems.functions.constraints import Box, significant
from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.symbolic.expression import Expr, Name, exp, lift
from llamoco.dataset_builder.problems.symbolic.family import (
    Draft,
    Family,
    Parameters,
    System,
    bell,
    log_uniform,
    x,
)
from llamoco.dataset_builder.problems.symbolic.symbolic_problem import Definition, Scalar

CLARK = "Clark 2010, Mathematical bioeconomics, ISBN 978-0470372999"
MURRAY = "Murray 2002, Mathematical biology I, doi:10.1007/b98868"


class Run:
    """Definitions of the states, step by step."""

    def __init__(self) -> None:
        self.definitions: list[Definition] = []

    def step(self, letter: str, k: int, value: Expr) -> Expr:
        """Define state ``letter`` of step k."""
        self.definitions.append(Scalar(f"{letter}{k}", value))
        return Name(f"{letter}{k}")


def summed(terms: list[Expr]) -> Expr:
    """The sum of one expression or more."""
    result = terms[0]
    for term in terms[1:]:
        result = result + term
    return result


# Epidemic (SIR) fitted to counts: x = infection rate, recovery rate, and perhaps the first infected.


def _draw_epidemic(rng: PortableRng, dim: int, constrained: bool) -> Draft:
    low, high = [0.05, 0.01, 0.1][:dim], [3.0, 1.0, 20.0][:dim]
    box = Box(np.array(low), np.array(high))
    truth = np.array([rng.uniform(0.5, 1.6, 2), rng.uniform(0.1, 0.45, 2), rng.uniform(0.5, 6, 1)][:dim])
    people = float(rng.choice((100, 200, 500, 1000)))
    first = rng.uniform(0.5, 6, 1) if dim == 2 else float(truth[2])
    beta, gamma = truth[:2].tolist()
    healthy, ill = people - first, first
    counts = []
    for _ in range(rng.integer(5, 7)):
        new = beta * healthy * ill / people
        healthy, ill = healthy - new, ill + new - gamma * ill
        counts.append(significant(max(ill * (1 + rng.choice((0.0, 0.05)) * bell(rng)), 0.01), 3))
    return Draft({"people": people, "first": first, "counts": counts}, box, truth)


def _epidemic(p: Parameters, dim: int) -> System:
    run = Run()
    people = p["people"]
    ill: Expr = x[3] if dim == 3 else lift(p["first"])
    healthy: Expr = people - ill if dim == 3 else lift(people - p["first"])
    errors: list[Expr] = []
    for k, count in enumerate(p["counts"], 1):
        new = x[1] * healthy * ill / people
        before, was_ill = healthy, ill
        healthy = run.step("v", k, before - new)
        ill = run.step("s", k, was_ill + (before - healthy) - x[2] * was_ill)
        errors.append((ill - count) ** 2)
    return run.definitions, summed(errors)


# Predators and prey (Lotka, Volterra) fitted to counts of both: x = the four rates.


def _draw_predators(rng: PortableRng, dim: int, constrained: bool) -> Draft:
    box = Box(np.array([0.1, 0.001, 0.1, 0.001]), np.array([3.0, 0.2, 3.0, 0.2]))
    truth = np.array([significant(v * rng.uniform(0.7, 1.4), 2) for v in (0.8, 0.03, 0.7, 0.02)])
    prey, hunters = float(rng.integer(20, 50)), float(rng.integer(8, 25))
    h = rng.choice((0.25, 0.3, 0.4))
    parameters: Parameters = {"step": h, "prey": prey, "predators": hunters, "counts": []}
    a, b, c, d = truth.tolist()
    for _ in range(rng.integer(4, 6)):
        prey, hunters = prey + h * prey * (a - b * hunters), hunters + h * hunters * (d * prey - c)
        error = rng.choice((0.0, 0.03))
        parameters["counts"].append([significant(v * (1 + error * bell(rng)), 3) for v in (prey, hunters)])
    return Draft(parameters, box, truth)


def _predators(p: Parameters, dim: int) -> System:
    run = Run()
    h = p["step"]
    prey: Expr = lift(p["prey"])
    hunters: Expr = lift(p["predators"])
    errors: list[Expr] = []
    for k, (prey_count, predator_count) in enumerate(p["counts"], 1):
        before, were = prey, hunters
        prey = run.step("s", k, before + h * before * (x[1] - x[2] * were))
        hunters = run.step("v", k, were + h * were * (x[4] * before - x[3]))
        errors += [(prey - prey_count) ** 2, (hunters - predator_count) ** 2]
    return run.definitions, summed(errors)


# A logistic map or Ricker model fitted to a series: x = growth, capacity, and perhaps the start.


def _draw_series(rng: PortableRng, dim: int, constrained: bool) -> Draft:
    scale = log_uniform(rng, 1, 1000, 1)
    box = Box(np.array([0.1, 0.2 * scale, 0.01 * scale][:dim]), np.array([3.0, 5 * scale, 2 * scale][:dim]))
    truth = np.array(
        [
            rng.uniform(0.5, 2.6, 2),
            significant(scale * rng.uniform(0.6, 2), 2),
            significant(scale * rng.uniform(0.05, 0.8), 2),
        ]
    )
    state, series = float(truth[2]), []
    error = rng.choice((0.0, 0.02, 0.05))
    for _ in range(rng.integer(6, 9)):
        state *= math.exp(float(truth[0]) * (1 - state / float(truth[1])))
        series.append(significant(state * (1 + error * bell(rng)), 3))
    return Draft({"start": float(truth[2]), "series": series}, box, truth[:dim])


def _series(p: Parameters, dim: int) -> System:
    run = Run()
    state: Expr = x[3] if dim == 3 else lift(p["start"])
    errors: list[Expr] = []
    for k, value in enumerate(p["series"], 1):
        state = run.step("s", k, state * exp(x[1] * (1 - state / x[2])))
        errors.append((state - value) ** 2)
    return run.definitions, summed(errors)


RECURRENCES = (
    Family("epidemic", "simulation", MURRAY, (2, 3), _draw_epidemic, _epidemic),
    Family("predators", "simulation", MURRAY, (4,), _draw_predators, _predators),
    Family("ricker", "simulation", CLARK, (2, 3), _draw_series, _series),
)
