"""The evaluation budget that a LaTeX file states, in words or as a formula."""

from __future__ import annotations

import re

from llamoco.dataset_builder.problems.latex_text import Source

_NUMBER = r"(?P<number>\d+(?:(?:\{,\}|\\,|,)\d{3}(?!\d))*(?![\d.]*\d)(?P<power>\s*(?:\\times|\\cdot)\s*10\^\{?\d\}?|\^\{?\d\}?)?)"
_SPACE = r"(?:[\s~$\\{}()]|\\[,;:!]|\\quad|\\(?:text|mathrm|textbf|emph|mathit|operatorname)\{)*"
_LINK = rf"(?:{_SPACE}(?:is|of|are|to|at|most|no|more|than|be|limited|exceed|must|not|may|shall|up|only|the|a|an|total|for|available|allowed|" \
    r"for|function|objective|evaluations?|calls|max|maximum|N|B|T|FEs?|budget|_|:|=|,|\\le(?:q|qslant)?|\\max|\\colon|\\#)(?![a-z]))*"  # fmt: skip
_UNITS = r"(?:(?:function|objective|objective-function|fitness|black-box|problem|model|cost|such|of)[\s~-]+){0,3}(?:evaluations?|evals?|FEs?|NFEs?|calls|points|queries)\b"
_FORMS = (
    re.compile(rf"\b(?:budget|evaluations?|evals|FEs|NFE|calls)\b{_LINK}{_SPACE}{_NUMBER}", re.IGNORECASE),
    re.compile(rf"{_NUMBER}{_SPACE}{_UNITS}", re.IGNORECASE),
    re.compile(
        rf"(?P<symbol>N|FEs?|NFE|MaxFEs?|max\\?_evals|MAX\\?_EVALS)\}}*(?:\s*_\s*\{{?{_SPACE}(?:\\max|max|FE|f|eval|evals|FEs){_SPACE}\}}?)(?P<end>){_SPACE}(?:=|:|\\leq?){_SPACE}{_NUMBER}"
    ),
    re.compile(
        rf"(?:MaxFEs?|max\\?_evals|MAX\\?_EVALS|maxevals|NFE)\b{_SPACE}(?:=|:|\\leq?){_SPACE}{_NUMBER}"
    ),
)


def read_budget(source: Source) -> tuple[int, list[tuple[int, int]]]:
    """The budget, and the places (start, end) in the file where it stands.

    Raises:
        ProblemError: if none is stated, or several different ones.
    """
    found: dict[int, int] = {}
    spans: list[tuple[int, int]] = []
    for form in _FORMS:
        for match in form.finditer(source.code):
            if form is _FORMS[2] and source.code.count(source.code[match.start() : match.end("end")]) > 1:
                continue  # a constant of the formulas, such as a number of coils
            text = re.sub(r"\{,\}|\\,|,", "", match.group("number"))
            parts = [int(p) for p in re.findall(r"\d+", text)]
            power = match.group("power")
            value = (
                parts[0]
                if not power
                else parts[0] ** parts[1]
                if len(parts) == 2
                else parts[0] * parts[1] ** parts[2]
            )
            found.setdefault(value, match.start())
            spans.append(match.span())
    if not found:
        end = max(len(source.text.rstrip()) - 1, 0)
        raise source.error(
            end,
            "no evaluation budget is stated; add a line such as 'Evaluation budget: 2000 function evaluations.'",
        )
    if len(found) > 1:
        raise source.error(
            max(found.values()),
            f"several evaluation budgets are stated ({', '.join(map(str, sorted(found)))}); state one",
        )
    value, at = next(iter(found.items()))
    if value < 1:
        raise source.error(at, "the evaluation budget has to be positive")
    return value, spans
