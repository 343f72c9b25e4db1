"""Optimizers that programs choose, from their text alone."""

import pytest

from llamoco.dataset_builder.optimizers import pool
from llamoco.metrics.chosen_optimizers import NONE, RANDOM, UNREADABLE, chosen_optimizers, histogram

CASES = {
    "from scipy.optimize import differential_evolution as d\nd(f, b)": ("DE",),
    "import scipy.optimize\nscipy.optimize.minimize(f, x, method='slsqp')": ("SLSQP",),
    "from scipy import optimize as so\nso.minimize(f, x, (), 'Powell'); so.dual_annealing(f, b)": (
        "Powell",
        "dual annealing",
    ),
    "from scipy.optimize import minimize\nminimize(f, x)": ("minimize, default",),
    "from scipy.optimize import minimize\nminimize(f, x, method='PSO')": ("minimize, invented method",),
    "from scipy.optimize import minimize\nminimize(f, x, method=m)": ("minimize",),
    "import cma\nes = cma.CMAEvolutionStrategy(x, 1)": ("CMA-ES",),
    "import nlopt\nnlopt.opt(nlopt.LN_BOBYQA, 3)": ("NLopt LN_BOBYQA",),
    "from deap import algorithms\nalgorithms.eaSimple(p, t)": ("GA",),
    "class ParticleSwarm:\n    pass": ("PSO",),
    "def simple_de(f):\n    pass": ("DE",),
    "def decode(f):\n    pass": (NONE,),
    "def differential_evolution(f): pass\ndifferential_evolution(f)": ("DE",),
    "import numpy as np\nobjective(np.random.uniform(0, 1))": (RANDOM,),
    "import scipy.optimize  # differential_evolution\n'cma.fmin(x)'": (NONE,),
    "no program at all": (UNREADABLE,),
    "x = " + "(" * 5000: (UNREADABLE,),
}


@pytest.mark.parametrize("program", CASES)
def test_calls_by_name(program: str) -> None:
    assert chosen_optimizers(program) == CASES[program]


def test_known_code_counts_by_the_pools_name() -> None:
    text = pool.render("bipop_cma_es", pool.POOL["bipop_cma_es"].defaults)
    assert chosen_optimizers(text) == chosen_optimizers(f"# any line\n{text}") == ("bipop_cma_es",)


def test_a_histogram_adds_up_to_the_programs() -> None:
    found = histogram(CASES)
    assert sum(found.values()) == pytest.approx(len(CASES)) and list(found.values()) == sorted(
        found.values(), reverse=True
    )
    assert found["DE"] == 3 and found["Powell"] == 0.5
