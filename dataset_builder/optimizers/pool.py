"""The pool Lambda (paper, Sec. III-A2): the optimizers, their grids of constants, their texts.

Every file beside this one is an answer: imports, constants one a line (``POP_SIZE = 20``), then
``optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None) -> x``. A configuration
is a dict of those constants' values. ``render`` writes one into the text, ``identify`` reads it back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import product
from typing import Literal

import numpy as np

Value = int | float | bool
Config = dict[str, Value]
OptimizeFunction = Callable[..., np.ndarray]


@dataclass(frozen=True)
class Optimizer:
    """What the pool knows of one optimizer.

    Attributes:
        name: its file's name, and its name in decision lines, labels and tables.
        title: for people.
        reference: where it comes from, with the DOI where there is one.
        serves: the kind of problem it is benchmarked on: "nc" unconstrained, "c" constrained, or both.
        grid: values of each constant of the file. The first of each is the default, the literal in the file.
        max_evals_limit: it is not run on problems with a larger evaluation budget; None for no limit.
        limit_reason: why; empty without a limit.
    """

    name: str
    title: str
    reference: str
    serves: Literal["nc", "c", "both"]
    grid: dict[str, tuple[Value, ...]]
    max_evals_limit: int | None = None
    limit_reason: str = ""

    def handles(self, constrained: bool) -> bool:
        """Whether it serves constrained (or else unconstrained) problems."""
        return self.serves in ("both", "c" if constrained else "nc")

    @property
    def defaults(self) -> Config:
        """The configuration of the file as it stands."""
        return {constant: values[0] for constant, values in self.grid.items()}


_DIFFERENCES: tuple[Value, ...] = (1e-07, 1e-05, 0.001)
_CMA_GRID: dict[str, tuple[Value, ...]] = {"SIGMA0": (0.2, 0.1, 0.3, 0.05), "POP_FACTOR": (1, 2, 4)}

POOL: dict[str, Optimizer] = {
    optimizer.name: optimizer
    for optimizer in (
        Optimizer(
            "slsqp",
            "SLSQP, multistart",
            "D. Kraft, A software package for sequential quadratic programming, DFVLR-FB 88-28, 1988; "
            "TOMS 20(3), 1994, doi:10.1145/192115.192124",
            "both",
            {"FTOL": (1e-09, 1e-06), "EPS": _DIFFERENCES, "RESTART": (1.0, 0.3)},
        ),
        Optimizer(
            "trust_constr",
            "Trust-region interior point, multistart",
            "A. R. Conn, N. I. M. Gould, P. L. Toint, Trust Region Methods, SIAM, 2000, "
            "doi:10.1137/1.9780898719857",
            "both",
            {"RADIUS": (0.5, 0.1), "EPS": _DIFFERENCES, "RESTART": (1.0, 0.3)},
        ),
        Optimizer(
            "l_bfgs_b",
            "L-BFGS-B, multistart",
            "R. H. Byrd, P. Lu, J. Nocedal, C. Zhu, SIAM J. Sci. Comput. 16(5), 1995, doi:10.1137/0916069",
            "nc",
            {"MAXCOR": (10, 30), "EPS": _DIFFERENCES, "RESTART": (1.0, 0.3)},
        ),
        Optimizer(
            "cobyla",
            "COBYLA, multistart",
            "M. J. D. Powell, A direct search optimization method that models the objective and "
            "constraint functions by linear interpolation, 1994, doi:10.1007/978-94-015-8330-5_4",
            "both",
            {"RHOBEG": (0.2, 0.05, 0.4), "TOL": (1e-06, 0.001), "RESTART": (1.0, 0.3)},
            max_evals_limit=1000,
            limit_reason="0.5 to 1.4 ms an evaluation (5 to 50 variables), several times the next slowest",
        ),
        Optimizer(
            "cma_es",
            "CMA-ES with restarts",
            "N. Hansen, A. Ostermeier, Evol. Comput. 9(2), 2001, doi:10.1162/106365601750190398; "
            "constraints: A. Atamna, A. Auger, N. Hansen, FOGA 2017, https://hal.inria.fr/hal-01455379,"
            " as in pycma",
            "both",
            _CMA_GRID,
        ),
        Optimizer(
            "sep_cma_es",
            "sep-CMA-ES with restarts",
            "R. Ros, N. Hansen, PPSN 2008, doi:10.1007/978-3-540-87700-4_30",
            "nc",
            _CMA_GRID,
        ),
        Optimizer(
            "bipop_cma_es",
            "BIPOP-CMA-ES",
            "N. Hansen, GECCO 2009, doi:10.1145/1570256.1570333",
            "nc",
            _CMA_GRID,
        ),
        Optimizer(
            "de",
            "Differential evolution, DE/rand/1/bin",
            "R. Storn, K. Price, J. Glob. Optim. 11, 1997, doi:10.1023/A:1008202821328; feasibility "
            "rules: K. Deb, 2000, doi:10.1016/S0045-7825(99)00389-8; equalities relaxed first as in T. "
            "Takahama, S. Sakai, CEC 2006, doi:10.1109/CEC.2006.1688283",
            "both",
            {"POP_SIZE": (20, 10, 50), "F": (0.5, 0.8), "CR": (0.9, 0.3)},
        ),
        Optimizer(
            "madde",
            "MadDE",
            "S. Biswas, D. Saha, S. De, A. D. Cobb, S. Das, B. A. Jalaian, CEC 2021, "
            "doi:10.1109/CEC45853.2021.9504792",
            "nc",
            {"POP_SIZE": (20, 10, 50, 100), "P_BEST": (0.18, 0.1, 0.4)},
        ),
        Optimizer(
            "amcde",
            "AMCDE, steady monopoly and transient competition of mutations",
            "C. Ye et al., Differential evolution with alternation between steady monopoly and "
            "transient competition of mutation strategies, Swarm Evol. Comput., 2023; constraints as in"
            " de",
            "both",
            {"POP_SIZE": (20, 10, 50), "P_BEST": (0.4, 0.15), "STAGNATION": (5, 20)},
        ),
        Optimizer(
            "pso",
            "Particle swarm optimization",
            "J. Kennedy, R. Eberhart, ICNN 1995, doi:10.1109/ICNN.1995.488968; inertia: Y. Shi, R. "
            "Eberhart, ICEC 1998, doi:10.1109/ICEC.1998.699146; constraints as in de",
            "both",
            {"POP_SIZE": (20, 10, 50), "W": (0.73, 0.5), "C": (1.5, 2.0)},
        ),
        Optimizer(
            "ga",
            "Genetic algorithm, real-coded",
            "J. H. Holland, Adaptation in Natural and Artificial Systems, 1992, "
            "doi:10.7551/mitpress/1090.001.0001; operators of deap; constraints as in de",
            "both",
            {"POP_SIZE": (20, 10, 50), "CXPB": (0.9, 0.6), "MUTPB": (0.2, 0.05)},
        ),
        Optimizer(
            "simulated_annealing",
            "Simulated annealing",
            "S. Kirkpatrick, C. D. Gelatt, M. P. Vecchi, Science 220, 1983, "
            "doi:10.1126/science.220.4598.671; Cauchy steps: H. Szu, R. Hartley, Phys. Lett. A 122, "
            "1987, doi:10.1016/0375-9601(87)90796-1",
            "both",
            {"STEP": (0.2, 0.05, 0.5), "T0": (0.03, 0.3, 0.003)},
        ),
        Optimizer(
            "dual_annealing",
            "Generalized simulated annealing with local search",
            "Y. Xiang, D. Y. Sun, W. Fan, X. G. Gong, Phys. Lett. A 233, 1997, "
            "doi:10.1016/S0375-9601(97)00474-X",
            "both",
            {"VISIT": (2.62, 2.3, 2.8), "INITIAL_TEMP": (5230.0, 500.0), "LOCAL_SEARCH": (True, False)},
        ),
    )
}

_CONSTANT = re.compile(r"^([A-Z][A-Z0-9_]*) = (.+)$", re.MULTILINE)


def pool_for(constrained: bool) -> list[Optimizer]:
    """The optimizers of Lambda_c (constrained) or Lambda_nc, in the pool's order."""
    return [optimizer for optimizer in POOL.values() if optimizer.handles(constrained)]


@cache
def source(name: str) -> str:
    """The text of an optimizer's file.

    Raises:
        ValueError: if the pool has no such optimizer.
    """
    _known(name)
    return resources.files(__package__).joinpath(f"{name}.py").read_text(encoding="utf-8")


def render(name: str, config: Mapping[str, Value] | None = None) -> str:
    """The text of an optimizer with constants set.

    Args:
        name: the optimizer.
        config: values by constant; constants left out keep the file's literal. Any value will do.

    Raises:
        ValueError: if the pool has no such optimizer, or the optimizer no such constant.
    """
    optimizer, text = _known(name), source(name)
    for constant, value in (config or {}).items():
        if constant not in optimizer.grid:
            raise ValueError(
                f"optimizer {name} has no constant {constant!r}; it has {', '.join(optimizer.grid)}"
            )
        text = re.sub(rf"^{constant} = .+$", f"{constant} = {value!r}", text, count=1, flags=re.MULTILINE)
    return text


def identify(text: str) -> tuple[str, Config] | None:
    """Which optimizer and configuration a text is, byte for byte; None if it is none of the grids.

    The inverse of ``render``. The text is a completion without its first comment line, and ends with a
    newline as files do.
    """
    written = dict(_CONSTANT.findall(text.partition("\nclass ")[0].partition("\ndef ")[0]))
    for optimizer in POOL.values():
        # Values are looked up by their text, never read: a model may have written anything there.
        literals = {constant: {repr(v): v for v in values} for constant, values in optimizer.grid.items()}
        if written.keys() == literals.keys() and all(written[c] in literals[c] for c in written):
            config = {constant: literals[constant][literal] for constant, literal in written.items()}
            if render(optimizer.name, config) == text:
                return optimizer.name, config
    return None


def optimizer_function(text: str) -> OptimizeFunction:
    """The ``optimize`` that a text defines. It is executed here, with the caller's rights: trusted text only.

    Raises:
        ValueError: if the text does not define ``optimize``.
    """
    namespace: dict[str, object] = {"__name__": "optimizer"}
    exec(compile(text, "<optimizer>", "exec"), namespace)
    function = namespace.get("optimize")
    if not callable(function):
        raise ValueError(
            "the text does not define a function optimize(objective, lower, upper, max_evals, seed, ...)"
        )
    return function


def configurations(name: str, max_n: int = 12) -> list[Config]:
    """Configurations of an optimizer: the defaults first, then those that change one constant, then two, ...

    Args:
        name: the optimizer.
        max_n: at most so many.
    """
    optimizer = _known(name)
    everything = [
        dict(zip(optimizer.grid, values, strict=True)) for values in product(*optimizer.grid.values())
    ]
    everything.sort(
        key=lambda config: sum(config[constant] != optimizer.defaults[constant] for constant in config)
    )
    return everything[:max_n]


def _known(name: str) -> Optimizer:
    if name not in POOL:
        raise ValueError(f"unknown optimizer {name!r}; the pool has {', '.join(POOL)}")
    return POOL[name]
