"""Simulations of a few steps, written out: recurrences and explicit Euler steps of small differential equations.

States are scalars ``s<k>`` and ``v<k>`` of step k; x holds controls of the steps (``recurrences``: the rates of a model to be fitted).
"""

from __future__ import annotations

import numpy as np

from llamoco.dataset_builder.problems.functions.constraints import significant
from llamoco.dataset_builder.problems.portable_rng import PortableRng
from llamoco.dataset_builder.problems.symbolic.expression import (
    Expr,
    Extremum,
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
    even_box,
    i,
    inside,
    log_uniform,
    total,
    x,
)
from llamoco.dataset_builder.problems.symbolic.recurrences import CLARK, RECURRENCES, Run, summed

BETTS = "Betts 2010, Practical methods for optimal control, doi:10.1137/1.9780898718577"
FOGLER = "Fogler 2016, Elements of chemical reaction engineering, ISBN 978-0133887518"
ZIPKIN = "Zipkin 2000, Foundations of inventory management, ISBN 978-0256113792"
CONTROLS = range(4, 11)  # steps, a variable each


# Population with harvest: fractions x_k of the stock are taken; the discounted yield and what is left count.


def _draw_harvest(rng: PortableRng, dim: int, constrained: bool) -> Draft:
    box = even_box(dim, 0.0, rng.choice((0.6, 0.8, 0.95)))
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
    run = Run()
    stock: Expr = lift(p["start"])
    taken: list[Expr] = []
    for k in range(1, dim + 1):
        catch = x[k] * stock
        factor = significant(p["discount"] ** (k - 1), 4)
        taken.append(catch if factor == 1 else factor * catch)
        stock = run.step("s", k, stock + p["growth"] * stock * (1 - stock / p["capacity"]) - catch)
    return run.definitions, -(summed(taken) + p["final"] * stock)


# Level of a tank: inflows x_k, outflow by gravity (a square root); deviations from a target and pumping count.


def _draw_tank(rng: PortableRng, dim: int, constrained: bool) -> Draft:
    box = even_box(dim, 0.0, rng.choice((1.0, 2.0, 5.0)))
    parameters = {
        "start": rng.uniform(0.5, 4, 1),
        "outflow": rng.uniform(0.2, 0.9, 2),
        "target": rng.uniform(1, 4, 1),
        "cost": log_uniform(rng, 0.005, 0.5),
        "guarded": rng.chance(0.6),
    }
    return Draft(parameters, box, inside(rng, box))


def _tank(p: Parameters, dim: int) -> System:
    run = Run()
    level: Expr = lift(p["start"])
    costs: list[Expr] = []
    for k in range(1, dim + 1):
        head = Extremum("max", level, lift(0)) if p["guarded"] and k > 1 else level
        level = run.step("s", k, level + x[k] - p["outflow"] * sqrt(head))
        costs.append((level - p["target"]) ** 2)
    return run.definitions, summed(costs) + p["cost"] * total(x[i] ** 2)


# Stock of goods: orders x_k against known demand; ordering, holding and missing items cost.


def _draw_inventory(rng: PortableRng, dim: int, constrained: bool) -> Draft:
    mean = log_uniform(rng, 5, 200)
    box = even_box(dim, 0.0, significant(3 * mean, 2))
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
    run = Run()
    stock: Expr = lift(p["start"])
    costs: list[Expr] = []
    for k in range(1, dim + 1):
        stock = run.step("s", k, stock + x[k] - p["demand"][k - 1])
        costs.append(Extremum("max", p["hold"] * stock, -(p["miss"] * stock)))
    value = summed(costs)
    return run.definitions, value + p["change"] * total(x[i] ** 2) if p["change"] else value


# A -> B -> C in a row of reactors with temperatures x_k; the yield of B counts.


def _draw_reactor(rng: PortableRng, dim: int, constrained: bool) -> Draft:
    box = even_box(dim, 300.0, rng.choice((360.0, 400.0, 450.0)))
    parameters = {
        "k1": rng.uniform(0.05, 0.4, 2),
        "e1": float(rng.integer(20, 60) * 100),
        "k2": rng.uniform(0.01, 0.15, 3),
        "e2": float(rng.integer(40, 100) * 100),
        "heat": rng.choice((0.0, 1e-5, 1e-4)),
    }
    return Draft(parameters, box, inside(rng, box))


def _reactor(p: Parameters, dim: int) -> System:
    run = Run()
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
    box = even_box(dim, 0.0, rng.choice((20.0, 30.0, 50.0)))
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
    run = Run()
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
    box = even_box(dim, *rng.choice(((-5.0, 5.0), (-10.0, 10.0), (-3.0, 3.0))))
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
    run = Run()
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
    return run.definitions, end + summed(costs[:-1]) + p["cost"] * total(x[i] ** 2)


SIMULATIONS = (
    Family("harvest", "simulation", CLARK, CONTROLS, _draw_harvest, _harvest, unimodal=True),
    Family("tank", "simulation", BETTS, CONTROLS, _draw_tank, _tank, unimodal=True),
    Family("inventory", "simulation", ZIPKIN, range(4, 13), _draw_inventory, _inventory, unimodal=True),
    Family("reactor", "simulation", FOGLER, range(2, 7), _draw_reactor, _reactor),
    Family("rocket", "simulation", BETTS, range(3, 7), _draw_rocket, _rocket, unimodal=True),
    Family("oscillator", "simulation", BETTS, range(3, 8), _draw_oscillator, _oscillator),
    *RECURRENCES,
)
