"""Learned selectors, and the share of the gap from single to virtual best solver that they close.

A selector predicts how much better or worse each family does on a problem than the others, and picks the best. It
shows how well the winner can be predicted from the facts and formulas of the prompt (``prompt_features``), or from a sample of
the objective (``landscape``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean

import numpy as np
from sklearn.ensemble import ExtraTreesRegressor, HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.model_selection import KFold

from llamoco.dataset_builder.benchmark.labels import Label, LabelsError
from llamoco.dataset_builder.optimizers.configuration import configured
from llamoco.dataset_builder.problems.functions.catalogue import FUNCTIONS
from llamoco.dataset_builder.problems.functions.constraints import CONSTRAINTS
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.symbolic.expression import FUNCTIONS as CALLS
from llamoco.dataset_builder.problems.symbolic.expression import (
    Call,
    Div,
    Expr,
    Extremum,
    Mul,
    Num,
    Pow,
    Reduce,
    walk,
)
from llamoco.dataset_builder.problems.symbolic.families import FAMILIES
from llamoco.dataset_builder.problems.symbolic.observations import observations
from llamoco.dataset_builder.problems.symbolic.symbolic_problem import Data, Scalar, Vector
from llamoco.dataset_builder.problems.symbolic.terms import TERM_SHARES

FOLDS = 5
RESAMPLES = 1000

# From features and targets (AOCC of each family, less the problem's mean) of the other problems to predictions.
Model = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
CHANGES = ("log", "units", "scaling", "rotation", "reflection", "rounding")  # of what a basic function sees


def prompt_features(problem: Problem) -> list[float]:
    """Feature vector of a prompt: numbers of its facts and its formulas.

    Facts: dimension, budget, both together, numbers of constraints, the bounds. Formulas: how many definitions of
    each kind there are, how often each operation is written in the objective and in the constraints, the largest and
    smallest literal, and which formulas these are: for each basic function the share of the objective's terms (of the
    variables, in a hybrid) that it is, for each kind of constraint how often it occurs.
    """
    width = problem.upper_array - problem.lower_array
    stated = [
        problem.dim,
        np.log(problem.max_evals),
        np.log(problem.max_evals / problem.dim),
        problem.n_inequality,
        problem.n_equality,
        np.log(width.mean()),
        np.log(width.max() / width.min()),
        float(np.mean(np.abs(problem.lower_array + problem.upper_array) / width)),
    ]
    system = problem.system
    kinds = Counter(type(definition).__name__ for definition in system.definitions)
    positions = sum(isinstance(d, Data) and d.positions for d in system.definitions)
    numbers = sum(d.size for d in system.definitions if isinstance(d, Data) and not d.positions)
    formulas = [system.objective]
    for definition in system.definitions:
        match definition:
            case Vector(_, _, _, body) | Scalar(_, body):
                formulas.append(body)
    definitions = [kinds["Data"], kinds["Vector"], kinds["Scalar"], positions, numbers]
    constraints = [*system.inequalities, *system.equalities]
    return [
        float(v)
        for v in (
            *stated,
            *definitions,
            *_operations(formulas),
            *_operations(constraints),
            *_functions(problem),
            *_constraint_kinds(problem),
        )
    ]


def _operations(formulas: Sequence[Expr]) -> list[float]:
    nodes = [node for formula in formulas for node in walk(formula)]
    calls = Counter(node.function for node in nodes if isinstance(node, Call))
    reductions = Counter(node.kind for node in nodes if isinstance(node, Reduce))
    kinds = Counter(type(node) for node in nodes)
    literals = [abs(node.value) for node in nodes if isinstance(node, Num) and node.value] or [1.0]
    return [
        *(calls[name] for name in CALLS),
        *(reductions[name] for name in ("sum", "prod", "max", "min")),
        *(kinds[kind] for kind in (Pow, Div, Mul, Extremum)),
        len(nodes),
        float(np.log10(max(literals))),
        float(np.log10(min(literals))),
    ]


def _functions(problem: Problem) -> list[float]:
    """Formulas of the objective: share of each basic function in the terms, family, statistics of transformations and terms."""
    definition = problem.definition
    components = definition["components"]
    shares = dict.fromkeys(FUNCTIONS, 0.0)
    for component in components:
        positions = component["positions"]
        shares[component["function"]] += (
            1 / len(components) if positions is None else len(positions) / problem.dim
        )
    used = [FUNCTIONS[component["function"]] for component in components]
    facts = np.array([[f.smooth, f.unimodal, f.separable] for f in used]).reshape(-1, 3)
    some = len(components) > 0
    changes = Counter(name for c in components for name in CHANGES if c.get(name) not in (None, False))
    terms = Counter(record["kind"] for record in definition.get("terms", []))
    variables = definition.get("variables") or {}
    return [
        *shares.values(),
        *(facts.mean(axis=0) if some else np.zeros(3)),
        *(facts.min(axis=0) if some else np.zeros(3)),
        len(components),
        len({str(component["shift"]) for component in components}),
        fmean(np.log(component["scale"]) for component in components) if some else 0.0,
        *(changes[name] for name in CHANGES),
        max((abs(c["scaling"]["power"]) for c in components if c.get("scaling")), default=0.0),
        definition["form"] == "maximum",
        *(definition.get("family") == name for name in FAMILIES),
        *(terms[kind] for kind in TERM_SHARES),
        *observations(definition, problem.dim),
        len(variables.get("integer") or ()),
        len(variables.get("step") or ()),
        problem.start is not None,
    ]


def _constraint_kinds(problem: Problem) -> list[float]:
    definition = problem.definition
    counts = Counter(("<=", record["kind"]) for record in definition["inequalities"])
    counts.update(("=", record["kind"]) for record in definition["equalities"])
    return [counts[sense, kind] for sense in ("<=", "=") for kind in CONSTRAINTS]


def boosted_trees(features: np.ndarray, targets: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Gradient boosting, a regressor for each family. A ``Model``."""
    columns = []
    for column in targets.T:
        model = HistGradientBoostingRegressor(
            learning_rate=0.06,
            max_iter=100,
            max_leaf_nodes=8,
            min_samples_leaf=10,
            max_features=0.2,
            random_state=0,
        )
        columns.append(model.fit(features, column).predict(wanted))
    return np.column_stack(columns)


def extra_trees(features: np.ndarray, targets: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Extremely randomised trees (Geurts et al. 2006, doi:10.1007/s10994-006-6226-1), for all families. A ``Model``."""
    forest = ExtraTreesRegressor(100, min_samples_leaf=2, max_features=0.5, random_state=0, n_jobs=-1)
    return np.asarray(forest.fit(features, targets).predict(wanted))


def random_forest(features: np.ndarray, targets: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """A random forest, one for all families. A ``Model``."""
    forest = RandomForestRegressor(100, min_samples_leaf=3, max_features=0.5, random_state=0, n_jobs=-1)
    return np.asarray(forest.fit(features, targets).predict(wanted))


def cross_validated_choices(
    labels: Sequence[Label], features: np.ndarray, models: Mapping[str, Model]
) -> dict[str, list[str]]:
    """The family that each selector picks for each problem, trained on the other problems.

    Args:
        labels: labels of one group.
        features: of their problems (N, F).
        models: what predicts, by name.

    Returns:
        An optimizer's name for each label, in order, for each model; where there are several, also for "mean", which
        goes by the mean of their predictions.
    """
    names = sorted({entry.optimizer for label in labels for entry in label.screen})
    scores = np.array([_family_scores(label, names) for label in labels])
    ran = np.isfinite(scores)
    targets = scores - np.nanmean(
        scores, axis=1, keepdims=True
    )  # which is better, not how hard the problem is
    targets = np.where(ran, targets, np.nanmin(targets, axis=1, keepdims=True))
    predicted = {name: np.empty_like(targets) for name in models}
    folds = KFold(min(FOLDS, len(labels)), shuffle=True, random_state=0)
    for train, test in folds.split(features):
        for name, model in models.items():
            predicted[name][test] = model(features[train], targets[train], features[test])
    if len(models) > 1:
        predicted["mean"] = np.mean(list(predicted.values()), axis=0)
    return {
        name: [names[index] for index in np.where(ran, values, -np.inf).argmax(axis=1)]
        for name, values in predicted.items()
    }


def _family_scores(label: Label, names: Sequence[str]) -> list[float]:
    """AOCC of each family: over the fresh seeds if it was a finalist, else in the screen, nan if it did not run."""
    final = {entry.optimizer: entry.aocc for entry in label.finalists}
    screen = {entry.optimizer: entry.aocc for entry in label.screen}
    return [final.get(name, screen.get(name, np.nan)) for name in names]


def simple_rule(labels: Sequence[Label], sbs: str) -> tuple[str, list[str]]:
    """The best of the rules "this optimizer wherever it runs, else the single best solver", by AOCC over train.

    An optimizer that does not run on every problem cannot be the single best solver, however good it is: this says
    how much of a selector's gain is no more than that.

    Args:
        labels: labels of one group.
        sbs: the group's single best solver.

    Returns:
        The optimizer (the single best solver itself, if none helps), and what the rule picks for each label.
    """
    train = [label for label in labels if label.split == "train"]
    names = sorted({entry.optimizer for label in train for entry in label.screen})

    def rule(name: str, label: Label) -> str:
        return name if any(entry.optimizer == name for entry in label.screen) else sbs

    best = max([sbs, *names], key=lambda name: fmean(_screened(x, rule(name, x), "aocc") for x in train))
    return best, [rule(best, label) for label in labels]


def _screened(label: Label, name: str, criterion: str) -> float:
    """Score of an optimizer in the screen; of one that did not run that of the worst, as for the single best solver."""
    scores = {entry.optimizer: float(getattr(entry, criterion)) for entry in label.screen}
    return scores.get(name, min(scores.values()))


def gap_scores(labels: Sequence[Label], sbs: str, criterion: str) -> dict[str, float]:
    """Mean check scores of the single best solver and of the labels, the virtual best solver.

    Args:
        labels: checked labels of one group.
        sbs: the group's single best solver.
        criterion: "aocc" or "w".
    """
    single, virtual = _checked(labels, sbs, criterion)
    return {
        "sbs": float(single.mean()),
        "vbs": float(virtual.mean()),
        "gap": float((virtual - single).mean()),
    }


def gap_closed(
    labels: Sequence[Label], choices: Sequence[str], sbs: str, criterion: str
) -> dict[str, object]:
    """The share of the gap from single to virtual best solver that a selector closes.

    The selector's gain over the single best solver is measured in the screen, where every family ran once on every
    problem: neither choice has seen those scores. The gap is measured on the check seeds, which no choice has seen.

    Args:
        labels: checked labels of one group.
        choices: a family for each.
        sbs: the group's single best solver.
        criterion: "aocc" or "w".

    Returns:
        score: the selector's, the single best solver's check score plus the gain; gap_closed; interval: its 95%
        bootstrap interval over problems; hits: share of problems where the choice is the label.
    """
    single, virtual = _checked(labels, sbs, criterion)
    gain = np.array(
        [
            _screened(label, name, criterion) - _screened(label, sbs, criterion)
            for label, name in zip(labels, choices, strict=True)
        ]
    )
    gap = virtual - single
    draws = np.random.default_rng(0).integers(len(labels), size=(RESAMPLES, len(labels)))
    with np.errstate(divide="ignore", invalid="ignore"):
        resampled = gain[draws].mean(axis=1) / gap[draws].mean(axis=1)
    usable = resampled[gap[draws].mean(axis=1) > 0]
    return {
        "score": float(single.mean() + gain.mean()),
        "gap_closed": float(gain.mean() / gap.mean()) if gap.mean() > 0 else None,
        "interval": np.quantile(usable, (0.025, 0.975)).tolist() if len(usable) else None,
        "hits": fmean(name == label.optimizer for name, label in zip(choices, labels, strict=True)),
    }


def checked_labels(labels: Sequence[Label]) -> list[int]:
    """Numbers of the labels that have check scores.

    Raises:
        LabelsError: if none has.
    """
    chosen = [number for number, label in enumerate(labels) if label.check]
    if not chosen:
        raise LabelsError("no problem of the table has check scores: run the benchmark to its end")
    return chosen


def _checked(labels: Sequence[Label], sbs: str, criterion: str) -> tuple[np.ndarray, np.ndarray]:
    single = [getattr(label.checked(configured(sbs, label.problem)), criterion) for label in labels]
    virtual = [getattr(label.checked((label.optimizer, label.config)), criterion) for label in labels]
    return np.array(single), np.array(virtual)


PROMPT_MODELS: Mapping[str, Model] = {"boosted trees": boosted_trees, "extra trees": extra_trees}
