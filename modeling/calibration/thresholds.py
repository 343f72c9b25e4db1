"""Calibrated confidence of decisions, and the threshold below which the single best solver answers better.

Networks are overconfident: the probability that one gives to its choice is not the share of such choices that are right
(Guo et al. 2017, arXiv 1706.04599). ``calibration.json`` in a model's folder maps the one to the other, by a
logistic curve (Platt 1999), fitted on problems that the model was not trained on (``calibrate`` writes it).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from llamoco.modeling.generation import model_files
from llamoco.modeling.model_error import ModelError
from llamoco.modeling.strict_json import strict_json

CALIBRATION_FORMAT = 1
CALIBRATION_FILE = "calibration.json"
BINS = 10
KNOTS = 65  # of the curve
FOLDS = 10
MARGIN = 2.0  # standard errors by which the fallback has to gain
RESAMPLES = 200


@dataclass(frozen=True)
class Outcome:
    """One decision on a problem that the model was not trained on.

    Attributes:
        problem_id: several descriptions of a problem are not independent.
        probability: what the model gave to the name it decided on (0 to 1).
        hit: whether that is the benchmark's label of the problem.
        aocc: of the optimizer it named on the problem; None where that is not known.
        single_best_aocc: of the single best solver of the problem's group.
    """

    problem_id: str
    probability: float
    hit: bool
    aocc: float | None
    single_best_aocc: float


@dataclass(frozen=True)
class Calibration:
    """Map from the raw probability of a decision to the probability that it is the benchmark's label.

    Attributes:
        raw, calibrated: knots of the map, ascending and not descending; linear in between.
        threshold: calibrated probability under which the single best solver answers; 0 for never.
        measures: what was found on the held-out problems, cross-validated (see ``fit``).
    """

    raw: tuple[float, ...]
    calibrated: tuple[float, ...]
    threshold: float
    measures: dict[str, float]

    def __call__(self, probability: float) -> float:
        """The calibrated probability of a raw one."""
        return float(np.interp(probability, self.raw, self.calibrated))

    def to_json(self) -> str:
        """Content of ``calibration.json``."""
        return json.dumps({"format": CALIBRATION_FORMAT, **asdict(self)}, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Calibration:
        """Parse ``calibration.json``.

        Raises:
            ValueError: if it is something else; says what.
        """
        content = strict_json(text)
        version = content.pop("format", None) if isinstance(content, dict) else None
        if version != CALIBRATION_FORMAT:
            raise ValueError(f"expected an object of format {CALIBRATION_FORMAT}, got format {version!r}")
        try:
            read = cls(
                tuple(map(float, content["raw"])),
                tuple(map(float, content["calibrated"])),
                float(content["threshold"]),
                dict(content["measures"]),
            )
        except KeyError as error:
            raise ValueError(f"field {error} is missing") from error
        except (TypeError, OverflowError) as error:
            raise ValueError(f"a field is no number ({error})") from error
        monotone = bool((np.diff(read.raw) > 0).all() and (np.diff(read.calibrated) >= 0).all())
        values = (*read.raw, *read.calibrated, read.threshold)
        if not monotone or not read.raw or len(read.raw) != len(read.calibrated):
            raise ValueError("raw and calibrated have to be equally long, ascending and not descending")
        if not all(0 <= value <= 1 for value in values):
            raise ValueError("raw, calibrated and threshold have to be in [0, 1]")
        return read


def read_calibration(place: str) -> Calibration | None:
    """The calibration of a model; None if it has none.

    Args:
        place: model folder or Hub id.

    Raises:
        ModelError: if there is one that cannot be read.
    """
    path = model_files.find(place, CALIBRATION_FILE)
    if path is None:
        return None
    try:
        return Calibration.from_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{path}: {error}. Write it anew with `llamoco calibrate {place}`, or delete it to go without"
        ) from error


def fit(outcomes: Sequence[Outcome]) -> Calibration:
    """Fit Platt's logistic curve of the hits over the probabilities, and the threshold of the fallback.

    Measures, all of probabilities from regressions on other problems (10 folds by problem): ``rows``, ``problems``;
    ``hits``, the share of right decisions; ``ece`` and ``ece_adaptive``, the expected calibration error over 10 bins of
    equal width or of equal count, and ``ece_raw`` without calibration; ``ece_chance``, what a perfect calibration would
    show on as many rows; ``brier`` and ``brier_raw``, mean squared errors; mean AOCC of the model's decisions (``aocc``), of
    the single best solver (``aocc_single_best``) and with the fallback (``aocc_fallback``), and ``share_replaced``.

    Raises:
        ValueError: with fewer than ``FOLDS`` problems.
    """
    raw, hits = _arrays(outcomes)
    believed = cross_validated(outcomes)
    knots = _logistic(raw, hits)
    threshold = fallback_threshold(believed, outcomes)
    known = [
        (o.aocc, o.single_best_aocc, p < threshold)
        for o, p in zip(outcomes, believed, strict=True)
        if o.aocc is not None
    ]
    scores = np.array(known, dtype=float).reshape(-1, 3)
    draws = np.random.default_rng(0).random((RESAMPLES, len(believed)))
    chance = [expected_calibration_error(believed, draw < believed) for draw in draws]
    measures: dict[str, Any] = {
        "rows": len(outcomes),
        "problems": len({o.problem_id for o in outcomes}),
        "hits": hits.mean(),
        "ece": expected_calibration_error(believed, hits),
        "ece_adaptive": expected_calibration_error(believed, hits, adaptive=True),
        "ece_raw": expected_calibration_error(raw, hits),
        "ece_chance": np.mean(chance),
        "brier": np.mean((believed - hits) ** 2),
        "brier_raw": np.mean((raw - hits) ** 2),
    }
    if len(scores):
        own, single, replaced = scores.T
        measures |= {
            "aocc": own.mean(),
            "aocc_single_best": single.mean(),
            "aocc_fallback": np.where(replaced, single, own).mean(),
            "share_replaced": replaced.mean(),
        }
    return Calibration(*knots, threshold, {name: round(float(value), 5) for name, value in measures.items()})


def cross_validated(outcomes: Sequence[Outcome]) -> np.ndarray:
    """Calibrated probability of each outcome, by a regression on other problems: (N,).

    Raises:
        ValueError: with fewer than ``FOLDS`` problems.
    """
    from sklearn.model_selection import GroupKFold

    problems = [o.problem_id for o in outcomes]
    if len(set(problems)) < FOLDS:
        raise ValueError(f"{len(set(problems))} problems are too few to calibrate on: at least {FOLDS}")
    raw, hits = _arrays(outcomes)
    believed = np.empty(len(raw))
    for others, fold in GroupKFold(FOLDS).split(raw, groups=problems):
        believed[fold] = np.interp(raw[fold], *_logistic(raw[others], hits[others]))
    return believed


def expected_calibration_error(believed: np.ndarray, hits: np.ndarray, adaptive: bool = False) -> float:
    """Mean distance of confidence and accuracy over bins, weighted by their rows (Guo et al. 2017, Eq. 3).

    Args:
        believed: probabilities (N,).
        hits: what came true (N,).
        adaptive: bins of equal count instead of equal width.
    """
    error = 0.0
    for rows in bins(believed, adaptive):
        error += len(rows) / len(believed) * abs(believed[rows].mean() - hits[rows].mean())
    return float(error)


def bins(believed: np.ndarray, adaptive: bool = False) -> list[np.ndarray]:
    """Rows of each of the (at most ``BINS``) bins that are not empty."""
    if adaptive:
        split = np.array_split(np.argsort(believed, kind="stable"), BINS)
    else:
        number = np.minimum((believed * BINS).astype(int), BINS - 1)
        split = [np.flatnonzero(number == k) for k in range(BINS)]
    return [rows for rows in split if len(rows)]


def fallback_threshold(believed: np.ndarray, outcomes: Sequence[Outcome]) -> float:
    """The probability under which the single best solver should answer: where the mean AOCC with the fallback is highest.

    0, never, unless that gains more than ``MARGIN`` standard errors over no fallback (rows of a problem counted as one): of
    many thresholds the best looks good by chance.

    Args:
        believed: calibrated probabilities (N,).
        outcomes: of the same rows.
    """
    rows = [(p, o) for p, o in zip(believed, outcomes, strict=True) if o.aocc is not None]
    if not rows:
        return 0.0
    probability = np.array([p for p, _ in rows])
    gain = np.array([o.single_best_aocc - o.aocc for _, o in rows if o.aocc is not None])
    problem = np.unique([o.problem_id for _, o in rows], return_inverse=True)[1]
    values = np.unique(probability)
    best, best_gain = 0.0, 0.0
    for threshold in (*((values[1:] + values[:-1]) / 2), 1.0):
        replaced = np.where(probability < threshold, gain, 0.0)
        of_problems = np.bincount(problem, replaced)
        error = of_problems.std(ddof=1) * len(of_problems) ** 0.5 if len(of_problems) > 1 else np.inf
        if of_problems.sum() > max(best_gain, MARGIN * error):
            best, best_gain = float(threshold), float(of_problems.sum())
    return best


def _arrays(outcomes: Sequence[Outcome]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([o.probability for o in outcomes]), np.array([o.hit for o in outcomes], dtype=float)


def _logistic(raw: np.ndarray, hits: np.ndarray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Platt's curve (1999): a logistic regression on the log odds, as knots. Constant where it would fall."""
    from sklearn.linear_model import LogisticRegression

    def log_odds(probability: np.ndarray) -> np.ndarray:
        inside = np.clip(probability, 1e-3, 1 - 1e-3)
        return np.log(inside / (1 - inside))[:, None]

    grid = np.linspace(0, 1, KNOTS)
    curve = np.full(KNOTS, hits.mean())
    if 0 < hits.mean() < 1:
        model = LogisticRegression(C=1e6).fit(log_odds(raw), hits)
        if model.coef_[0, 0] > 0:
            curve = model.predict_proba(log_odds(grid))[:, 1]
    return tuple(grid.tolist()), tuple(curve.round(6).tolist())
