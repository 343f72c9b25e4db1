"""Evaluators of symbolic problems: formulas in, values of points out.

``compile_problem`` is the one that benchmarks run on. Its compiler turns formulas into bytecode in about a millisecond, and one set of
Numba kernels interprets the bytecode of all problems, so that nothing is compiled for a single one. A point takes 1.7 us; NumPy source
takes 56 us (in batches of 50: 0.5 and 3.7 us; medians of 60 problems). The 312 million evaluations behind the labels took 1.6
core-hours. ``numpy_evaluator`` needs neither Numba nor its loading time, which is that of some 30,000 points, and is the second
implementation that the first is tested against.

    compiler -> assembler -> bytecode -> interpreter (kernels), all behind compiled; index_sets: the layout of values
"""

from llamoco.dataset_builder.problems.evaluator.compiled import (
    CompiledProblem,
    PointEvaluator,
    compile_problem,
    numba_is_installed,
)
from llamoco.dataset_builder.problems.evaluator.numpy_source import numpy_evaluator
from llamoco.dataset_builder.problems.evaluator.rounded import RoundedProblem

__all__ = [
    "CompiledProblem",
    "PointEvaluator",
    "RoundedProblem",
    "compile_problem",
    "numba_is_installed",
    "numpy_evaluator",
]
