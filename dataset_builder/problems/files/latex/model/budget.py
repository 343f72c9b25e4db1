"""The evaluation budget that a LaTeX file states, in words or as a formula."""

from __future__ import annotations

import re

from llamoco.dataset_builder.problems.files.latex.lexing.source import LatexSource

LARGEST = 10**9
_POWER = r"\s*(?:\\times|\\cdot)\s*10\^\{?\d\}?|\^\{?\d\}?"
_THOUSANDS = r"(?:(?:\{,\}|\\,|,)\d{3}(?!\d))*"
_DECIMALS = rf"(?:\.\d+(?={_POWER}))?"
_NUMBER = rf"(?<!\d)(?P<number>\d++{_DECIMALS}{_THOUSANDS}(?![\d.]*\d)(?P<power>{_POWER})?)"
_STYLES = r"\\(?:text|mathrm|textbf|emph|mathit|operatorname)\{"
_SPACE = rf"(?:[\s~${{}}()]|\\[(){{}}\s,;:!]|\\quad|{_STYLES})*"
_LINKING = (
    r"is|of|are|to|at|most|no|more|than|be|limited|exceed|must|not|may|shall|up|only|the|a|an|total|for"
    r"|available|allowed|function|objective|evaluations?|calls|max|maximum|N|B|T|FEs?|budget|_|:|=|,|\\le(?:q|qslant)?"
    r"|\\max|\\colon|\\#"
)
_LINK = rf"(?:{_SPACE}(?:{_LINKING})(?![a-z]))*"
_KINDS = r"(?:function|objective|objective-function|fitness|black-box|problem|model|cost|such|of)[\s~-]+"
_EVALUATIONS = (
    rf"(?:{_KINDS}){{0,3}}(?:evaluations?|evals?|FEs?|NFEs?|calls|points|queries|(?:Funktions)?Auswertungen"
    r"|évaluations|evaluaciones|valutazioni)\b"
)
_IS = rf"{_SPACE}(?:=|:|\\leq?){_SPACE}"
_SYMBOL = r"(?:N|FEs?|NFE|MaxFEs?|max\\?_evals|MAX\\?_EVALS)\}*"
_SUBSCRIPT = rf"\s*_\s*\{{?{_SPACE}(?:\\max|max|FE|f|eval|evals|FEs){_SPACE}\}}?"

# What makes the number before it another one: a factor, a unit of something else.
_FACTOR = r"(?:[ ~]|\\[,;: ])*(?:\\cdot|\\times|\\%|%|\*|(?:\$ *\$)?[A-Za-z](?![A-Za-z-]|\.[a-z]))"
_UNIT = (
    r"per|(?:in|for|of|at) (?:each|every)|each|times|thousand|million|hundred|percent|seconds?|minutes?|hours?"
    r"|days?|dollars?|euros?|iterations?|generations?|runs?|restarts?"
)
_OTHERWISE = re.compile(
    rf"{_FACTOR}|(?:[\s~$]|\\[,;: ])*(?:{_EVALUATIONS})?[\s,]*(?:{_UNIT})(?![a-z])", re.IGNORECASE
)

_SYMBOLIC = re.compile(rf"{_SYMBOL}{_SUBSCRIPT}(?P<end>){_IS}{_NUMBER}")  # N_{\max} = 1500
_TIMES = re.compile(rf"\bevaluated?\b[^.$\d\n]{{0,60}}\$?{_NUMBER}{_SPACE}times\b", re.IGNORECASE)
_FORMS = (
    re.compile(rf"\b(?:budget|evaluations?|evals|FEs|NFE|calls)\b{_LINK}{_SPACE}{_NUMBER}", re.IGNORECASE),
    re.compile(rf"{_NUMBER}{_SPACE}{_EVALUATIONS}", re.IGNORECASE),
    _TIMES,
    re.compile(rf"(?:MaxFEs?|max\\?_evals|MAX\\?_EVALS|maxevals|NFE)\b{_IS}{_NUMBER}"),
    _SYMBOLIC,
)


def read_budget(source: LatexSource) -> tuple[int | None, list[tuple[int, int]]]:
    """Read the budget (None if none is stated) and the places (start, end) in the file that state it.

    Raises:
        ProblemError: if several different ones are stated.
    """
    found: dict[float, int] = {}
    spans: list[tuple[int, int]] = []
    for form in _FORMS:
        for match in form.finditer(source.code):
            symbol = source.code[match.start() : match.end("end")].rstrip() if form is _SYMBOLIC else ""
            if symbol and source.code.count(symbol) > 1:
                continue  # a constant of the formulas, such as a number of coils
            other = _OTHERWISE.match(source.code, match.end() if form is _TIMES else match.end("number"))
            if other or source.code[: match.start("number")].lower().rstrip(" \n~$").endswith("at least"):
                place = match.start("number")
                message = "this does not state one number of evaluations; write 'Evaluation budget: 2000.'"
                raise source.error(place, message)
            found.setdefault(_value(match.group("number"), match.group("power")), match.start())
            spans.append(match.span())
    if not found:
        return None, spans
    if len(found) > 1:
        values = ", ".join(f"{v:g}" for v in sorted(found))
        message = f"several evaluation budgets are stated ({values}); state one"
        raise source.error(max(found.values()), message)
    value, at = next(iter(found.items()))
    if not 1 <= value <= LARGEST or value != int(value):
        message = f"the evaluation budget must be a positive integer up to {LARGEST:,}"
        raise source.error(at, message)
    return int(value), spans


def _value(number: str, power: str | None) -> float:
    digits = re.sub(r"\{,\}|\\,|,", "", number[: len(number) - len(power or "")])
    if not power:
        return float(digits)
    exponent = int(re.findall(r"\d+", power)[-1])  # one digit
    return float(digits) ** exponent if power.startswith("^") else float(f"{digits}e{exponent}")
