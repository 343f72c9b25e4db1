"""Simulations of families against the same recurrences written as loops here."""

from __future__ import annotations

import math

import numpy as np
import pytest

from llamoco.dataset_builder.problems.evaluator import compile_problem
from llamoco.dataset_builder.problems.symbolic.composition import build_symbolic_problem


def value(name: str, parameters: dict[str, object], x: list[float]) -> float:
    definition = {"form": "family", "family": name, "parameters": parameters, "components": []}
    system = build_symbolic_problem(definition, len(x))
    return float(compile_problem(system)(np.array([x]))[0][0])


def test_harvest() -> None:
    stock, total = 40.0, 0.0
    x = [0.1, 0.3, 0.2, 0.5]
    for k, share in enumerate(x):
        catch = share * stock
        total += 0.9**k * catch
        stock += 1.2 * stock * (1 - stock / 100) - catch
    p = {"growth": 1.2, "capacity": 100.0, "start": 40.0, "discount": 0.9, "final": 0.5}
    assert value("harvest", p, x) == pytest.approx(-(total + 0.5 * stock), rel=1e-4)


def test_tank() -> None:
    level, cost = 2.0, 0.0
    x = [0.5, 1.0, 0.2, 0.1]
    for flow in x:
        level += flow - 0.4 * math.sqrt(level)
        cost += (level - 1.5) ** 2 + 0.1 * flow**2
    p = {"start": 2.0, "outflow": 0.4, "target": 1.5, "cost": 0.1, "guarded": True}
    assert value("tank", p, x) == pytest.approx(cost)
    assert value("tank", {**p, "guarded": False}, x) == pytest.approx(cost)


def test_tank_without_a_guard_lacks_values_when_it_runs_dry() -> None:
    p = {"start": 0.5, "outflow": 0.9, "target": 1.5, "cost": 0.1, "guarded": False}
    assert math.isnan(value("tank", p, [0.0, 0.0, 0.0, 0.0]))
    assert math.isfinite(value("tank", {**p, "guarded": True}, [0.0, 0.0, 0.0, 0.0]))


def test_inventory() -> None:
    stock, cost = 5.0, 0.0
    x, demand = [10.0, 0.0, 12.0, 3.0], [8.0, 9.0, 4.0, 6.0]
    for order, wanted in zip(x, demand, strict=True):
        stock += order - wanted
        cost += 0.5 * max(stock, 0) + 3 * max(-stock, 0) + 0.01 * order**2
    p = {"start": 5.0, "demand": demand, "hold": 0.5, "miss": 3.0, "change": 0.01}
    assert value("inventory", p, x) == pytest.approx(cost)


def test_reactor() -> None:
    a, b = 1.0, 0.0
    x = [310.0, 330.0, 350.0]
    for kelvin in x:
        one = 0.2 * math.exp(4000 * (1 / 300 - 1 / kelvin))
        two = 0.05 * math.exp(7000 * (1 / 300 - 1 / kelvin))
        new = a / (1 + one)
        b, a = (b + a - new) / (1 + two), new
    p = {"k1": 0.2, "e1": 4000.0, "k2": 0.05, "e2": 7000.0, "heat": 1e-5}
    heat = 1e-5 * sum((k - 300) ** 2 for k in x) / 3
    assert value("reactor", p, x) == pytest.approx(heat - b)


def test_rocket() -> None:
    height = speed = 0.0
    mass = 1.5
    x = [20.0, 15.0, 5.0, 0.0]
    for thrust in x:
        speed += 0.5 * ((thrust - 0.01 * speed * abs(speed)) / mass - 9.81)
        height += 0.5 * speed
        mass -= 0.004 * thrust
    p = {"step": 0.5, "mass": 1.5, "burn": 0.004, "drag": 0.01, "fuel": 0.02, "target": 0.0}
    fuel = 0.02 * sum(t**2 for t in x)
    assert value("rocket", p, x) == pytest.approx(fuel - height)
    assert value("rocket", {**p, "target": 30.0}, x) == pytest.approx(fuel + (height - 30) ** 2)


@pytest.mark.parametrize("pendulum", [True, False])
def test_oscillator(pendulum: bool) -> None:
    place, speed, cost = 1.0, 0.0, 0.0
    x = [1.0, -2.0, 0.5]
    for k, force in enumerate(x):
        speed += 0.2 * (force - 3 * (math.sin(place) if pendulum else place))
        place += 0.2 * speed
        cost += (place - 0.5) ** 2 if k < 2 else 10 * (place - 0.5) ** 2 + speed**2
    p = {"step": 0.2, "stiffness": 3.0, "pendulum": pendulum, "start": 1.0, "target": 0.5, "cost": 0.01}
    assert value("oscillator", p, x) == pytest.approx(cost + 0.01 * sum(v**2 for v in x))


def test_epidemic() -> None:
    healthy, ill, error = 97.0, 3.0, 0.0
    for count in (5.0, 9.0, 14.0):
        new = 0.9 * healthy * ill / 100
        healthy, ill = healthy - new, ill + new - 0.2 * ill
        error += (ill - count) ** 2
    p = {"people": 100.0, "first": 3.0, "counts": [5.0, 9.0, 14.0]}
    assert value("epidemic", p, [0.9, 0.2, 3.0]) == pytest.approx(error)
    assert value("epidemic", p, [0.9, 0.2]) == pytest.approx(error)


def test_predators() -> None:
    prey, hunters, error = 30.0, 10.0, 0.0
    for a, b in ((34.0, 9.0), (39.0, 8.5)):
        prey, hunters = (
            prey + 0.3 * prey * (0.8 - 0.03 * hunters),
            hunters + 0.3 * hunters * (0.02 * prey - 0.7),
        )
        error += (prey - a) ** 2 + (hunters - b) ** 2
    p = {"step": 0.3, "prey": 30.0, "predators": 10.0, "counts": [[34.0, 9.0], [39.0, 8.5]]}
    assert value("predators", p, [0.8, 0.03, 0.7, 0.02]) == pytest.approx(error)


def test_ricker() -> None:
    state, error = 2.0, 0.0
    for seen in (4.0, 7.0, 9.0):
        state *= math.exp(1.1 * (1 - state / 12))
        error += (state - seen) ** 2
    p = {"start": 2.0, "series": [4.0, 7.0, 9.0]}
    assert value("ricker", p, [1.1, 12.0]) == pytest.approx(error)
    assert value("ricker", p, [1.1, 12.0, 2.0]) == pytest.approx(error)
