"""Suggestions for names that are missing in a problem file."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from llamoco.dataset_builder.problems.files.python.source import PythonSource
from llamoco.dataset_builder.problems.files.python.unread_names import read_by_the_contract

# Names that other libraries, and people, give to what the contract calls otherwise.
OTHER_NAMES = {
    "objective": "f fun func fn function cost loss fitness obj target objective_function cost_function objectivefunction",
    "LOWER": "lb lo low lows lower_bound lower_bounds lower_limit lowerbound lowerbounds xl x_min xmin bnds",
    "UPPER": "ub hi up high highs upper_bound upper_bounds upper_limit upperbound upperbounds xu x_max xmax bnds",
    "MAX_EVALS": (
        "max_eval max_evaluations maxevals maxeval max_fevals maxfev max_nfev maxfun max_fun evals n_evals nevals budget "
        "evaluations num_evals max_iter maxiter max_iterations iterations n_iter"
    ),
}


def suggestion(text: PythonSource, values: Mapping[str, Any], name: str) -> str:
    """Suggest another name of the file, for a message; "" if none is close."""
    names = [other for other in text.lines if other in values and other != name]
    if name == "objective":
        names = [other for other in names if callable(values[other])]
    else:
        names = [other for other in names if not callable(values[other])]
    if (
        name == "MAX_EVALS"
    ):  # without one there is a default, and ``n_iter`` may be a number of the person's model
        names = [other for other in names if not read_by_the_contract(text.tree, other)]
    by_case = [other for other in names if other.lower() == name.lower()]
    usual = [other for other in names if other.lower().strip("_") in OTHER_NAMES[name].split()]
    lowered = {other.lower(): other for other in names}
    near = [lowered[match] for match in difflib.get_close_matches(name.lower(), lowered, 1, 0.75)]
    for other in (*by_case, *near, *usual):
        line = text.lines[other]
        if other.lower() == "bnds":
            return f" (did you mean `{other}`, line {line}? call it bounds)"
        return f" (did you mean `{other}`, line {line}? call it {name})"
    return ""
