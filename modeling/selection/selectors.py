"""Selectors: each picks an optimizer of the pool for a problem, and is trained on the labels of one group of problems.

- ``Pias``: per-instance algorithm selection, gradient-boosted trees as a classifier of landscape features (Kostovska et al., GECCO 2023,
  doi:10.1145/3583131.3590697, whose XGBoost classifier the paper's Table VI takes). Their features are exploratory landscape analysis of a
  sample of 50 points a dimension, free of charge; here they are those of ``profiling.probes``, of a sample that costs at most 5% of the
  budget and is charged to it.
- ``AsLlm``: representations of the problem and of each optimizer's own source text, from which a network predicts how well both match
  (Wu et al., arXiv 2311.13184). Theirs come from a large language model; here both texts are embedded by ``TextEmbedding``, which needs
  none. The record names it.

The optimizer always has the configuration that the problem's dimension and budget select (``configured``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import Normalizer, StandardScaler

from llamoco.dataset_builder.analysis.prompt_facts import stated_features
from llamoco.dataset_builder.optimizers import pool
from llamoco.dataset_builder.optimizers.catalogue import POOL
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.problems.profiling.probes import probe_numbers, probe_problem
from llamoco.modeling.selection.training_set import TrainingSet

EMBEDDING = (
    "TF-IDF of words and symbols, 64 components of a truncated singular value decomposition (scikit-learn)"
)
COMPONENTS = 64
PORTFOLIO_SIZE = 3
VALIDATED = 5000  # pairs from which on a tenth of them says when to stop


class Selector(Protocol):
    """Picks an optimizer for a problem of its group."""

    def choose(self, prompt: str, problem: Problem) -> str:
        """Name of an optimizer that can be run on the problem."""


class Pias:
    """Per-instance algorithm selection: a boosted classifier of landscape features.

    Args:
        training: what it learns from.
    """

    def __init__(self, training: TrainingSet) -> None:
        from xgboost import XGBClassifier

        self._names = sorted(set(training.labels))
        classes = np.array([self._names.index(label) for label in training.labels])
        features = np.array([landscape_of(problem) for problem in training.problems])
        self._model = XGBClassifier(
            n_estimators=150, max_depth=5, learning_rate=0.1, tree_method="hist", random_state=0, n_jobs=1
        )
        self._model.fit(features, classes)

    def choose(self, prompt: str, problem: Problem) -> str:
        """The likeliest winner by the landscape. Its probes are not counted here; ``stages`` charges them."""
        likely = self._model.predict_proba(np.array([landscape_of(problem)]))[0]
        return best_affordable(self._names, likely, problem)


class AsLlm:
    """Matches a problem's text with optimizers' texts.

    Args:
        training: what it learns from.
    """

    def __init__(self, training: TrainingSet) -> None:
        sources = [pool.source(name) for name in training.names]
        self._names = training.names
        self._embedding = text_embedding([*training.prompts, *sources])
        self._optimizers = self._embedding.transform(sources)
        problems = self._embedding.transform(training.prompts)
        rows, columns = np.nonzero(np.isfinite(training.scores))
        self._model = make_pipeline(
            StandardScaler(),
            MLPRegressor(
                hidden_layer_sizes=(64,),
                alpha=1e-3,
                learning_rate_init=3e-3,
                early_stopping=len(rows) >= VALIDATED,
                max_iter=200,
                random_state=0,
            ),
        )
        self._model.fit(
            matched(problems[rows], self._optimizers[columns]), training.relative[rows, columns] * 10
        )

    def choose(self, prompt: str, problem: Problem) -> str:
        """The optimizer whose text matches the prompt best."""
        embedded = np.repeat(self._embedding.transform([prompt]), len(self._names), axis=0)
        return best_affordable(self._names, self._model.predict(matched(embedded, self._optimizers)), problem)


def landscape_of(problem: Problem) -> list[float]:
    """Landscape features of a problem: what is stated of its size, and what its probes tell; NaN where that is not known."""
    numbers = [*stated_features(problem), *probe_numbers(probe_problem(problem))]
    return [float(value) for value in np.clip(numbers, -1e30, 1e30)]


def text_embedding(texts: Sequence[str]) -> Pipeline:
    """An embedding of texts as unit vectors of at most ``COMPONENTS`` entries, see ``EMBEDDING``.

    Args:
        texts: from which it learns.
    """
    words = TfidfVectorizer(
        token_pattern=r"\w+|[^\w\s]", lowercase=False, min_df=2, max_features=4000, sublinear_tf=True
    )
    known = words.fit(texts)
    components = min(COMPONENTS, len(known.vocabulary_) - 1, len(texts) - 1)
    pipeline: Pipeline = make_pipeline(words, TruncatedSVD(components, random_state=0), Normalizer())
    return pipeline.fit(texts)


def matched(problems: np.ndarray, optimizers: np.ndarray) -> np.ndarray:
    """What the network sees of pairs (M, 2 C + 1): both unit vectors, and their cosine."""
    return np.hstack([problems, optimizers, (problems * optimizers).sum(axis=1, keepdims=True)])


def best_affordable(names: Sequence[str], values: np.ndarray, problem: Problem) -> str:
    """The name with the highest value among the optimizers that can be run on a problem."""
    fit = [
        POOL[name].handles(problem.constrained) and POOL[name].affords(problem.dim, problem.max_evals)
        for name in names
    ]
    return names[int(np.where(fit, values, -np.inf).argmax())]


def fixed_portfolio(training: TrainingSet, size: int = PORTFOLIO_SIZE) -> tuple[str, ...]:
    """The optimizers that complement each other best, greedily: each adds most to the mean over problems of the best one's score.

    Those that did not run on a problem score 0 there. The scores are of whole budgets, of which each member of a portfolio has
    only its share.
    """
    scores = np.nan_to_num(training.scores, nan=0.0)
    chosen: list[int] = []
    for _ in range(min(size, len(training.names))):
        gains = [scores[:, [*chosen, k]].max(axis=1).mean() for k in range(len(training.names))]
        chosen.append(int(np.argmax([-1.0 if k in chosen else gain for k, gain in enumerate(gains)])))
    return tuple(training.names[k] for k in chosen)


def versions() -> dict[str, Any]:
    """Versions of the libraries that the selectors learn with."""
    import sklearn
    import xgboost

    return {"scikit-learn": sklearn.__version__, "xgboost": xgboost.__version__}
