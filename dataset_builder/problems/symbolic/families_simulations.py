"""Simulations of a few steps, written out: recurrences and explicit Euler steps of small differential equations.

States are scalars ``s<k>`` and ``v<k>`` of step k; x holds controls of the steps, or the rates of a model to be fitted.
"""

from __future__ import annotations

import math

import numpy as np

from llamoco.dataset_builder.problems.functions.constraints import Box, significant
from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.symbolic.expression import (
    Expr,
    Extremum,
    Name,
    absolute,
    exp,
    lift,
    sin,
    sqrt,
)
from llamoco.dataset_builder.problems.symbolic.family import (
    Draft,
    Family,
    Parameters,
    System,
    bell,
    i,
    inside,
    log_uniform,
    total,
    x,
)
from llamoco.dataset_builder.problems.symbolic.symbolic_problem import Definition, Scalar

CLARK = "Clark 2010, Mathematical bioeconomics, ISBN 978-0470372999"
MURRAY = "Murray 2002, Mathematical biology I, doi:10.1007/b98868"
BETTS = "Betts 2010, Practical methods for optimal control, doi:10.1137/1.9780898718577"
FOGLER = "Fogler 2016, Elements of chemical reaction engineering, ISBN 978-0133887518"
ZIPKIN = "Zipkin 2000, Foundations of inventory management, ISBN 978-0256113792"
CONTROLS = range(4, 11)  # steps, a variable each


class _Run:
    """Definitions of the states, step by step."""

    def __init__(self) -> None:
        self.definitions: list[Definition] = []

    def step(self, letter: str, k: int, value: Expr) -> Expr:
        """Define state ``letter`` of step k."""
        self.definitions.append(Scalar(f"{letter}{k}", value))
        return Name(f"{letter}{k}")


def _sum(terms: list[Expr]) -> Expr:
    result = terms[0]
    for term in terms[1:]:
        result = result + term
    return result


def _even_box(dim: int, low: float, high: float) -> Box:
    return Box(np.full(dim, low), np.full(dim, high))


# Population with harvest: fractions x_k of the stock are taken; the discounted yield and what is left count.


def _draw_harvest(rng: PortableRng, dim: int, constrained: bool) -> Draft:
    box = _even_box(dim, 0.0, rng.choice((0.6, 0.8, 0.95)))
    capacity = log_uniform(rng, 10, 5000)
    parameters = {
        "growth": rng.uniform(0.4, 2.2, 2),
        "capacity": capacity,
        "start": significant(capacity * rng.uniform(0.2, 0.9), 2),
        "discount": rng.choice((1.0, 0.97, 0.95, 0.9)),
        "final": rng.uniform(0.2, 1.2, 1),
    }
    return Draft(parameters, box, inside(rng, box))


def _harvest(p: Parameters, dim: int) -> System:
    run = _Run()
    stock: Expr = lift(p["start"])
    taken: list[Expr] = []
    for k in range(1, dim + 1):
        catch = x[k] * stock
        factor = significant(p["discount"] ** (k - 1), 4)
        taken.append(catch if factor == 1 else factor * catch)
        stock = run.step("s", k, stock + p["growth"] * stock * (1 - stock / p["capacity"]) - catch)
    return run.definitions, -(_sum(taken) + p["final"] * stock)


# Level of a tank: inflows x_k, outflow by gravity (a square root); deviations from a target and pumping count.


def _draw_tank(rng: PortableRng, dim: int, constrained: bool) -> Draft:
    box = _even_box(dim, 0.0, rng.choice((1.0, 2.0, 5.0)))
    parameters = {
        "start": rng.uniform(0.5, 4, 1),
        "outflow": rng.uniform(0.2, 0.9, 2),
        "target": rng.uniform(1, 4, 1),
        "cost": log_uniform(rng, 0.005, 0.5),
        "guarded": rng.chance(0.6),
    }
    return Draft(parameters, box, inside(rng, box))


def _tank(p: Parameters, dim: int) -> System:
    run = _Run()
    level: Expr = lift(p["start"])
    costs: list[Expr] = []
    for k in range(1, dim + 1):
        head = Extremum("max", level, lift(0)) if p["guarded"] and k > 1 else level
        level = run.step("s", k, level + x[k] - p["outflow"] * sqrt(head))
        costs.append((level - p["target"]) ** 2)
    return run.definitions, _sum(costs) + p["cost"] * total(x[i] ** 2)


# Stock of goods: orders x_k against known demand; ordering, holding and missing items cost.


def _draw_inventory(rng: PortableRng, dim: int, constrained: bool) -> Draft:
    mean = log_uniform(rng, 5, 200)
    box = _even_box(dim, 0.0, significant(3 * mean, 2))
    demand = [significant(mean * rng.uniform(0.4, 1.8), 2) for _ in range(dim)]
    parameters = {
        "start": significant(mean * rng.uniform(0.2, 1.5), 2),
        "demand": demand,
        "hold": rng.uniform(0.2, 2, 1),
        "miss": rng.uniform(2, 10, 1),
        "change": significant(rng.uniform(0.5, 4) / mean, 1) if rng.chance(0.5) else 0.0,
    }
    return Draft(parameters, box, np.array(demand))


def _inventory(p: Parameters, dim: int) -> System:
    run = _Run()
    stock: Expr = lift(p["start"])
    costs: list[Expr] = []
    for k in range(1, dim + 1):
        stock = run.step("s", k, stock + x[k] - p["demand"][k - 1])
        costs.append(Extremum("max", p["hold"] * stock, -(p["miss"] * stock)))
    value = _sum(costs)
    return run.definitions, value + p["change"] * total(x[i] ** 2) if p["change"] else value


# A -> B -> C in a row of reactors with temperatures x_k; the yield of B counts.


def _draw_reactor(rng: PortableRng, dim: int, constrained: bool) -> Draft:
    box = _even_box(dim, 300.0, rng.choice((360.0, 400.0, 450.0)))
    parameters = {
        "k1": rng.uniform(0.05, 0.4, 2),
        "e1": float(rng.integer(20, 60) * 100),
        "k2": rng.uniform(0.01, 0.15, 3),
        "e2": float(rng.integer(40, 100) * 100),
        "heat": rng.choice((0.0, 1e-5, 1e-4)),
    }
    return Draft(parameters, box, inside(rng, box))


def _reactor(p: Parameters, dim: int) -> System:
    run = _Run()
    first: Expr = lift(1)
    second: Expr = lift(0)
    for k in range(1, dim + 1):
        # Mixed tanks of unit residence time: implicit steps, which stay positive at any rate.
        warm = 1 / lift(300) - 1 / x[k]
        one, two = p["k1"] * exp(p["e1"] * warm), p["k2"] * exp(p["e2"] * warm)
        before = first
        first = run.step("s", k, before / (1 + one))
        made = before - first
        second = run.step("v", k, (made if k == 1 else second + made) / (1 + two))
    value = -second
    return run.definitions, value + p["heat"] * total((x[i] - 300) ** 2) / dim if p["heat"] else value


# Ascent of a rocket with thrusts x_k: height at the end against fuel.


def _draw_rocket(rng: PortableRng, dim: int, constrained: bool) -> Draft:
    box = _even_box(dim, 0.0, rng.choice((20.0, 30.0, 50.0)))
    parameters = {
        "step": rng.choice((0.5, 1.0, 2.0)),
        "mass": rng.uniform(1, 2, 1),
        "burn": significant(rng.uniform(0.2, 0.6) / (dim * float(box.upper[0])), 2),
        "drag": log_uniform(rng, 0.002, 0.05),
        "fuel": log_uniform(rng, 0.005, 0.1),
        "target": log_uniform(rng, 20, 400) if rng.chance(0.5) else 0.0,
    }
    return Draft(parameters, box, inside(rng, box))


def _rocket(p: Parameters, dim: int) -> System:
    run = _Run()
    h = p["step"]
    speed = run.step("v", 1, h * (x[1] / p["mass"] - 9.81))
    height = run.step("s", 1, h * speed)
    mass = run.step("r", 1, p["mass"] - p["burn"] * x[1])
    for k in range(2, dim + 1):
        pull = (x[k] - p["drag"] * speed * absolute(speed)) / mass - 9.81
        speed = run.step("v", k, speed + h * pull)
        height = run.step("s", k, height + h * speed)
        if k < dim:
            mass = run.step("r", k, mass - p["burn"] * x[k])
    aim = (height - p["target"]) ** 2 if p["target"] else -height
    return run.definitions, aim + p["fuel"] * total(x[i] ** 2)


# A driven oscillator follows a wave: forces x_k.


def _draw_oscillator(rng: PortableRng, dim: int, constrained: bool) -> Draft:
    box = _even_box(dim, *rng.choice(((-5.0, 5.0), (-10.0, 10.0), (-3.0, 3.0))))
    parameters = {
        "step": rng.choice((0.1, 0.2, 0.25)),
        "stiffness": rng.uniform(0.5, 6, 1),
        "pendulum": rng.chance(0.5),
        "start": rng.uniform(-2, 2, 1),
        "target": rng.uniform(-1.5, 1.5, 1),
        "cost": log_uniform(rng, 1e-4, 0.05),
    }
    return Draft(parameters, box, inside(rng, box))


def _oscillator(p: Parameters, dim: int) -> System:
    run = _Run()
    h = p["step"]
    place: Expr = lift(p["start"])
    speed: Expr = lift(0)
    costs: list[Expr] = []
    for k in range(1, dim + 1):
        back = p["stiffness"] * (sin(place) if p["pendulum"] else place)
        speed = run.step("v", k, h * (x[k] - back) if k == 1 else speed + h * (x[k] - back))
        place = run.step("s", k, place + h * speed)
        costs.append((place - p["target"]) ** 2)
    end = 10 * (place - p["target"]) ** 2 + speed**2
    return run.definitions, end + _sum(costs[:-1]) + p["cost"] * total(x[i] ** 2)


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
    run = _Run()
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
    return run.definitions, _sum(errors)


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
    run = _Run()
    h = p["step"]
    prey: Expr = lift(p["prey"])
    hunters: Expr = lift(p["predators"])
    errors: list[Expr] = []
    for k, (count, hunted) in enumerate(p["counts"], 1):
        before, were = prey, hunters
        prey = run.step("s", k, before + h * before * (x[1] - x[2] * were))
        hunters = run.step("v", k, were + h * were * (x[4] * before - x[3]))
        errors += [(prey - count) ** 2, (hunters - hunted) ** 2]
    return run.definitions, _sum(errors)


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
    run = _Run()
    state: Expr = x[3] if dim == 3 else lift(p["start"])
    errors: list[Expr] = []
    for k, value in enumerate(p["series"], 1):
        state = run.step("s", k, state * exp(x[1] * (1 - state / x[2])))
        errors.append((state - value) ** 2)
    return run.definitions, _sum(errors)


SIMULATIONS = (
    Family("harvest", "simulation", CLARK, CONTROLS, _draw_harvest, _harvest, unimodal=True),
    Family("tank", "simulation", BETTS, CONTROLS, _draw_tank, _tank, unimodal=True),
    Family("inventory", "simulation", ZIPKIN, range(4, 13), _draw_inventory, _inventory, unimodal=True),
    Family("reactor", "simulation", FOGLER, range(2, 7), _draw_reactor, _reactor),
    Family("rocket", "simulation", BETTS, range(3, 7), _draw_rocket, _rocket, unimodal=True),
    Family("oscillator", "simulation", BETTS, range(3, 8), _draw_oscillator, _oscillator),
    Family("epidemic", "simulation", MURRAY, (2, 3), _draw_epidemic, _epidemic),
    Family("predators", "simulation", MURRAY, (4,), _draw_predators, _predators),
    Family("ricker", "simulation", CLARK, (2, 3), _draw_series, _series),
)
