"""Optimizers that programs choose (paper, Fig. 7), read from the syntax tree; a program is never run for it.

Known code of the pool counts by the pool's name. In other code the calls of optimizers of scipy, cma, nlopt and deap count, by the names
that its imports bind; ``minimize`` by its ``method`` where that is a literal. A program that calls none counts by what the functions
and classes that it defines are named after (``class PSO``), then as random search if it draws random numbers and calls ``objective``.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Mapping

from llamoco.dataset_builder.optimizers.pool import POOL, identify
from llamoco.dataset_builder.prompts.program_text import MAX_PROGRAM, clean_text, syntax_tree

NONE = "none found"
RANDOM = "random search"
UNREADABLE = "no program"

_CALLS: Mapping[str, str] = {
    "scipy.optimize.differential_evolution": "DE",
    "scipy.optimize.dual_annealing": "dual annealing",
    "scipy.optimize.basinhopping": "basin hopping",
    "scipy.optimize.shgo": "SHGO",
    "scipy.optimize.direct": "DIRECT",
    "scipy.optimize.brute": "grid search",
    "scipy.optimize.minimize_scalar": "minimize_scalar",
    "scipy.optimize.least_squares": "least squares",
    "scipy.optimize.fmin": "Nelder-Mead",
    "scipy.optimize.fmin_powell": "Powell",
    "scipy.optimize.fmin_cg": "CG",
    "scipy.optimize.fmin_bfgs": "BFGS",
    "scipy.optimize.fmin_l_bfgs_b": "L-BFGS-B",
    "scipy.optimize.fmin_tnc": "TNC",
    "scipy.optimize.fmin_cobyla": "COBYLA",
    "scipy.optimize.fmin_slsqp": "SLSQP",
    "cma.fmin": "CMA-ES",
    "cma.fmin2": "CMA-ES",
    "cma.fmin_con": "CMA-ES",
    "cma.fmin_con2": "CMA-ES",
    "cma.CMAEvolutionStrategy": "CMA-ES",
    "cma.purecma.fmin": "CMA-ES",
    "cma.purecma.CMAES": "CMA-ES",
    "deap.cma.Strategy": "CMA-ES",
    "deap.cma.StrategyOnePlusLambda": "CMA-ES",
    "deap.algorithms.eaSimple": "GA",
    "deap.algorithms.eaMuPlusLambda": "GA",
    "deap.algorithms.eaMuCommaLambda": "GA",
    "pyswarm.pso": "PSO",
}
_MINIMIZE = "scipy.optimize.minimize"
_METHODS = {
    name.lower(): name
    for name in (
        *("Nelder-Mead", "Powell", "CG", "BFGS", "Newton-CG", "L-BFGS-B", "TNC", "COBYLA", "COBYQA", "SLSQP"),
        *("trust-constr", "dogleg", "trust-ncg", "trust-exact", "trust-krylov"),
    )
}
# Of names that a program gives to what it defines, words parted by capitals and underscores.
_OWN: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("CMA-ES", re.compile(r"\bcma")),
    ("PSO", re.compile(r"\bpso\b|particle|swarm")),
    ("DE", re.compile(r"\bde\b|differential evolution|\bl?shade\b|\bjade\b")),
    ("GA", re.compile(r"\bga\b|genetic")),
    ("simulated annealing", re.compile(r"\bsa\b|anneal")),
    ("Nelder-Mead", re.compile(r"nelder|simplex")),
    ("evolution strategy", re.compile(r"evolution(?:ary)? (?:strategy|algorithm)|\bes\b")),
    ("Bayesian optimization", re.compile(r"bayes|expected improvement")),
    ("gradient descent", re.compile(r"gradient descent|\badam\b|\bsgd\b")),
    ("local search", re.compile(r"local search|hill climb|coordinate|pattern search")),
    (RANDOM, re.compile(r"random search")),
)
_RANDOM_DRAWS = frozenset({"uniform", "random", "rand", "normal", "randn", "standard_normal", "sample"})
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def chosen_optimizers(program: str) -> tuple[str, ...]:
    """Names of the optimizers that a program chooses, sorted; ``NONE`` or ``UNREADABLE`` in their place where there are none."""
    program = clean_text(program)
    known = (
        identify(program.partition("\n")[2] if program.startswith("#") else program)
        if len(program) <= MAX_PROGRAM
        else None
    )
    if known is not None:
        return (POOL[known[0]].name,)
    tree = syntax_tree(program)
    if tree is None:
        return (UNREADABLE,)
    nodes = list(ast.walk(tree))
    bound = _imports(nodes)
    calls = [(_dotted(node.func, bound), node) for node in nodes if isinstance(node, ast.Call)]
    found = {optimizer for name, call in calls if (optimizer := _called(name, call, bound)) is not None}
    if not found:
        kinds = (ast.FunctionDef, ast.ClassDef)
        names = [_spaced(node.name) for node in nodes if isinstance(node, kinds)]
        found = {title for title, pattern in _OWN if any(map(pattern.search, names))}
    if not found:
        last = {name.rpartition(".")[2] for name, _ in calls}
        found = {RANDOM} if "objective" in last and last & _RANDOM_DRAWS else {NONE}
    return tuple(sorted(found))


def histogram(programs: Iterable[str]) -> dict[str, float]:
    """Number of programs by optimizer, the most frequent first; a program that chooses n optimizers counts 1/n for each."""
    counts: Counter[str] = Counter()
    for program in programs:
        found = chosen_optimizers(program)
        for name in found:
            counts[name] += 1 / len(found)  # type: ignore[assignment]
    return {
        name: round(count, 6) for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    }


def _imports(nodes: Iterable[ast.AST]) -> dict[str, str]:
    """Full names by the names that imports bind."""
    bound = {}
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.partition(".")[0]
                bound[alias.asname or first] = alias.name if alias.asname else first
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                bound[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return bound


def _dotted(node: ast.expr, bound: Mapping[str, str]) -> str:
    """The full name of a called expression; a name that is bound to no import stays as it is."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    parts.append(bound.get(node.id, node.id) if isinstance(node, ast.Name) else "")
    return ".".join(reversed(parts))


def _called(name: str, call: ast.Call, bound: Mapping[str, str]) -> str | None:
    """The optimizer that a call is of; None for other calls."""
    if name in _CALLS:
        return _CALLS[name]
    if name == _MINIMIZE:
        method = next(
            (word.value for word in call.keywords if word.arg == "method"),
            call.args[3] if len(call.args) > 3 else None,
        )
        if method is None:
            return "minimize, default"
        if isinstance(method, ast.Constant) and isinstance(method.value, str):
            return _METHODS.get(method.value.lower(), "minimize, invented method")
        return "minimize"
    if name == "nlopt.opt" and call.args:
        algorithm = call.args[0]
        if isinstance(algorithm, ast.Constant) and isinstance(algorithm.value, str):
            return f"NLopt {algorithm.value[:40]}"
        return f"NLopt {_dotted(algorithm, bound).rpartition('.')[2][:40]}"
    return None


def _spaced(name: str) -> str:
    """A name as words: ``ParticleSwarm`` and ``particle_swarm`` are ``particle swarm``."""
    return " ".join(_WORDS.findall(name[:200])).lower()
