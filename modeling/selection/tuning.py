"""Tuning of a chosen optimizer on the problem itself, by SMAC3 (Lindauer et al., JMLR 23(54), 2022).

A trial is a short run of the optimizer on the problem with the configuration that SMAC asks for; its evaluations are charged to the
problem's budget, and so is what they find.
"""

from __future__ import annotations

import logging
import math
import tempfile
from collections.abc import Callable
from pathlib import Path

from llamoco.dataset_builder.optimizers.catalogue import POOL, Config

SHARE = 0.5  # of the evaluations that are left, for trials
TRIALS = 10
FEWEST_EVALS = 20  # of a trial, or twice the dimension

Trial = Callable[[Config], float]


def trial_plan(name: str, evals: int, dim: int) -> tuple[int, int]:
    """Number of trials, and the evaluations of each; (0, 0) where there are too few for two trials, or nothing to tune.

    Args:
        name: the optimizer.
        evals: evaluations that are left.
        dim: number of variables.
    """
    available = int(SHARE * evals)
    least = max(FEWEST_EVALS, 2 * dim)
    trials = min(TRIALS, available // least, math.prod(len(values) for values in POOL[name].grid.values()))
    return (trials, available // trials) if trials >= 2 else (0, 0)


def tune(name: str, start: Config, trials: int, run: Trial, seed: int) -> Config:
    """The configuration of an optimizer with the lowest cost among those that SMAC tries, at least one.

    Args:
        name: the optimizer.
        start: a configuration that is tried in any case.
        trials: how many are tried at most.
        run: runs one and gives its cost, finite.
        seed: of SMAC.
    """
    from ConfigSpace import ConfigurationSpace, OrdinalHyperparameter
    from smac import HyperparameterOptimizationFacade, Scenario
    from smac.main.exceptions import ConfigurationSpaceExhaustedException
    from smac.runhistory.dataclasses import TrialValue
    from smac.runhistory.encoder import RunHistoryEncoder

    logging.getLogger("smac").setLevel(logging.CRITICAL)
    values = {
        constant: sorted(of_constant, key=float)
        for constant, of_constant in POOL[name].grid.items()
        if len(of_constant) > 1
    }
    space = ConfigurationSpace(seed=seed)
    for (
        constant,
        ordered,
    ) in values.items():  # places in the sorted grid, so that values come back as they are
        first = ordered.index(start[constant]) if start[constant] in ordered else 0
        space.add(OrdinalHyperparameter(constant, list(range(len(ordered))), default_value=first))
    tried: list[tuple[float, Config]] = []
    with tempfile.TemporaryDirectory() as folder:
        scenario = Scenario(
            space,
            deterministic=True,
            n_trials=trials,
            use_default_config=True,
            seed=seed,
            output_directory=Path(folder),
        )
        smac = HyperparameterOptimizationFacade(
            scenario,
            _not_called,
            runhistory_encoder=RunHistoryEncoder(scenario),  # its default takes logarithms of costs
            logging_level=False,
            overwrite=True,
        )
        for _ in range(trials):
            try:
                asked = smac.ask()
            except ConfigurationSpaceExhaustedException:  # it can be sooner than the grid's size says
                break
            config = start | {constant: values[constant][int(asked.config[constant])] for constant in values}
            cost = run(config)
            tried.append((cost, config))
            smac.tell(asked, TrialValue(cost=cost))
    return min(tried, key=lambda pair: pair[0])[1]


def _not_called(config: object, seed: int = 0) -> float:
    raise RuntimeError("trials are told, not called")
