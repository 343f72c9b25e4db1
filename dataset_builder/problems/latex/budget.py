"""The evaluation budget that a LaTeX file states, in words or as a formula."""

from __future__ import annotations

import re

from llamoco.dataset_builder.problems.latex.text import Source

_POWER = r"\s*(?:\\times|\\cdot)\s*10\^\{?\d\}?|\^\{?\d\}?"
_THOUSANDS = r"(?:(?:\{,\}|\\,|,)\d{3}(?!\d))*"
_DECIMALS = rf"(?:\.\d+(?={_POWER}))?"
_NUMBER = rf"(?P<number>\d+{_DECIMALS}{_THOUSANDS}(?![\d.]*\d)(?P<power>{_POWER})?)"
_STYLES = r"\\(?:text|mathrm|textbf|emph|mathit|operatorname)\{"
_SPACE = rf"(?:[\s~${{}}()]|\\[(){{}}\s,;:!]|\\quad|{_STYLES})*"
_LINKING = (
    r"is|of|are|to|at|most|no|more|than|be|limited|exceed|must|not|may|shall|up|only|the|a|an|total|for"
    r"|available|allowed|function|objective|evaluations?|calls|max|maximum|N|B|T|FEs?|budget|_|:|=|,|\\le(?:q|qslant)?"
    r"|\\max|\\colon|\\#"
)
_LINK = rf"(?:{_SPACE}(?:{_LINKING})(?![a-z]))*"
_KINDS = r"(?:function|objective|objective-function|fitness|black-box|problem|model|cost|such|of)[\s~-]+"
_EVALUATIONS = rf"(?:{_KINDS}){{0,3}}(?:evaluations?|evals?|FEs?|NFEs?|calls|points|queries)\b"
_IS = rf"{_SPACE}(?:=|:|\\leq?){_SPACE}"
_SYMBOL = r"(?:N|FEs?|NFE|MaxFEs?|max\\?_evals|MAX\\?_EVALS)\}*"
_SUBSCRIPT = rf"\s*_\s*\{{?{_SPACE}(?:\\max|max|FE|f|eval|evals|FEs){_SPACE}\}}?"

_SYMBOLIC = re.compile(rf"{_SYMBOL}{_SUBSCRIPT}(?P<end>){_IS}{_NUMBER}")  # N_{\max} = 1500
_FORMS = (
    re.compile(rf"\b(?:budget|evaluations?|evals|FEs|NFE|calls)\b{_LINK}{_SPACE}{_NUMBER}", re.IGNORECASE),
    re.compile(rf"{_NUMBER}{_SPACE}{_EVALUATIONS}", re.IGNORECASE),
    re.compile(rf"(?:MaxFEs?|max\\?_evals|MAX\\?_EVALS|maxevals|NFE)\b{_IS}{_NUMBER}"),
    _SYMBOLIC,
)


def read_budget(source: Source) -> tuple[int, list[tuple[int, int]]]:
    """The budget, and the places (start, end) in the file where it stands.

    Raises:
        ProblemError: if none is stated, or several different ones.
    """
    found: dict[float, int] = {}
    spans: list[tuple[int, int]] = []
    for form in _FORMS:
        for match in form.finditer(source.code):
            symbol = source.code[match.start() : match.end("end")].rstrip() if form is _SYMBOLIC else ""
            if symbol and source.code.count(symbol) > 1:
                continue  # a constant of the formulas, such as a number of coils
            found.setdefault(_value(match.group("number"), match.group("power")), match.start())
            spans.append(match.span())
    if not found:
        message = "no evaluation budget is stated; add a line such as 'Evaluation budget: 2000.'"
        raise source.error(max(len(source.text.rstrip()) - 1, 0), message)
    if len(found) > 1:
        values = ", ".join(f"{v:g}" for v in sorted(found))
        message = f"several evaluation budgets are stated ({values}); state one"
        raise source.error(max(found.values()), message)
    value, at = next(iter(found.items()))
    if value < 1 or value != int(value):
        raise source.error(at, "the evaluation budget has to be a positive whole number")
    return int(value), spans


def _value(number: str, power: str | None) -> float:
    digits = re.sub(r"\{,\}|\\,|,", "", number[: len(number) - len(power or "")])
    if not power:
        return float(digits)
    exponent = int(re.findall(r"\d+", power)[-1])
    return float(digits) ** exponent if power.startswith("^") else float(f"{digits}e{exponent}")
