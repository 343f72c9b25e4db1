"""Errors by the paper's kinds (sections IV-B3 and IV-D2), told by a rule from a run's record and the program's text.

The first that fits, in this order:

    syntax            the text is no Python, or defines no function ``optimize``
    limits            time, memory, or a rule of the sandbox
    constraint        confusion on constraints: a keyword that names constraints is given to what takes none, or an error in a line that
                      calls or builds constraints
    interface         invented interface: a module, name, attribute or method that does not exist, an argument that a library's function
                      does not take or lacks, an unknown method or strategy
    hyper_parameter   misread hyper-parameter: a library refuses a value, and names the hyper-parameter or option
    problem           misuse of the problem: points of another shape are evaluated or returned, or another problem is stated
    other             everything else, such as a name that is not defined

What runs without an error is of no kind: hyper-parameters that are set recklessly show in AOCC, an optimizer that cannot serve
the constraints in r_acc.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from llamoco.dataset_builder.prompts.program_text import syntax_tree
from llamoco.metrics.sandbox.outcome import ERRORS

ErrorKind = Literal["syntax", "limits", "constraint", "interface", "hyper_parameter", "problem", "other"]

KINDS: Mapping[ErrorKind, str] = {
    "interface": "Invented interface",
    "syntax": "Syntax",
    "hyper_parameter": "Misread hyper-parameter",
    "constraint": "Confusion on constraints",
    "problem": "Misuse of the problem",
    "limits": "Time, memory, rules",
    "other": "Other errors",
}
READ_MESSAGE = 2000  # characters

_CONSTRAINT_NAME = re.compile(
    r"constraint|\bineq\b|\beq\b|\b(?:in)?equality\b|\bf_?(?:ie|e)qcons\b", re.IGNORECASE
)
_KEYWORD = re.compile(r"unexpected keyword argument '([^']{1,80})'")
_CALLEE = re.compile(
    r"^(?:[\w.<>]{1,200}\.)?(\w{1,80})\(\) (?:got|takes|missing)"
)  # of a method, or __init__, its own name
_CLASS = re.compile(r"^(\w{1,80})\.__init__\(\)")
_ARGUMENTS = re.compile(
    r"unexpected keyword argument|multiple values for argument|takes (?:no|exactly|from|\d+|at most)[\w\s]* arguments?|"
    r"missing \d+ required (?:positional|keyword-only) argument"
)
_UNKNOWN = re.compile(
    r"\bunknown (?:solver|method|strategy|algorithm|option)|\bvalid (?:mutation )?strateg|\bunrecognized (?:method|solver)",
    re.IGNORECASE,
)
_HYPER_PARAMETER = re.compile(
    r"\b(?:pop_?size|population|max_?iter(?:ations)?|max_?fun|max_?fev|max_?eval(?:s|uations)?|mutation|recombination|crossover|sigma0?|"
    r"standard deviation|[fxg]?tol(?:erance)?|xatol|fatol|rhobeg|rhoend|step_?size|learning_?rate|temp(?:erature)?|visit|accept|"
    r"init(?:ial)?(?:_temp)?|options?|bounds?|niter|n_?restarts?|restarts?|cxpb|mutpb|ngen|mu|lambda_?|inertia|seed|strategy|workers)\b",
    re.IGNORECASE,
)
_REFUSALS = ("ValueError", "TypeError", "OverflowError", "AssertionError", "KeyError", "RuntimeError")
_SHAPE = re.compile(r"expected x of shape|x has to be an array of real numbers")
_NO_OPTIMIZE = "defines no function optimize"
_LINE = re.compile(r"line (\d{1,6})")


def error_kind(row: Mapping[str, Any], program: str) -> ErrorKind | None:
    """The kind of a run's error; None for a run that does not count in Err.

    Args:
        row: a run's record, see ``run_records.row``.
        program: its text.
    """
    verdict = row["verdict"]
    if verdict not in ERRORS:
        return "problem" if row.get("faithful") is False and verdict != "harness_error" else None
    exception, message = row.get("exception") or "", (row.get("message") or row["reason"])[:READ_MESSAGE]
    if verdict == "syntax_error" or _NO_OPTIMIZE in message:
        return "syntax"
    if verdict in ("timeout", "memory", "security_violation"):
        return "limits"
    if _of_constraints(row, program, exception, message):
        return "constraint"
    if _of_interface(verdict, program, exception, message):
        return "interface"
    if verdict == "invalid_result" or _SHAPE.search(message):
        return "problem"
    # A library's own words: the program's are read in ``other``.
    if exception in _REFUSALS and _HYPER_PARAMETER.search(message):
        return "hyper_parameter"
    return "other"


def error_kinds(runs: Iterable[tuple[Mapping[str, Any], str]]) -> dict[ErrorKind, int]:
    """Numbers of runs by kind of error, kinds in the order of ``KINDS``.

    Args:
        runs: record and program of each run.
    """
    counts: dict[ErrorKind, int] = dict.fromkeys(KINDS, 0)
    for row, program in runs:
        kind = error_kind(row, program)
        if kind is not None:
            counts[kind] += 1
    return counts


def _of_constraints(row: Mapping[str, Any], program: str, exception: str, message: str) -> bool:
    keyword = _KEYWORD.search(message)
    if keyword is not None:
        return _CONSTRAINT_NAME.search(keyword[1]) is not None
    if exception in ("ImportError", "ModuleNotFoundError", "AttributeError", "NameError"):
        return False  # what does not exist is no constraint yet
    return _CONSTRAINT_NAME.search(message) is not None or _calls_constraints(_failing_line(row, program))


def _of_interface(verdict: str, program: str, exception: str, message: str) -> bool:
    if verdict == "import_error" or exception in ("ImportError", "ModuleNotFoundError"):
        return True
    if exception == "AttributeError":
        return "'NoneType' object" not in message
    if exception == "TypeError" and _ARGUMENTS.search(message):
        callee = _CLASS.match(message) or _CALLEE.match(message)
        return callee is None or callee[1] not in _defined(program)
    return exception in ("ValueError", "KeyError") and _UNKNOWN.search(message) is not None


def _failing_line(row: Mapping[str, Any], program: str) -> str:
    """The program's line in which it failed; empty where the record does not tell."""
    frames = row.get("frames") or []
    found = _LINE.search(frames[-1]) if frames else None
    lines = program.splitlines()
    return lines[int(found[1]) - 1] if found is not None and 0 < int(found[1]) <= len(lines) else ""


def _calls_constraints(line: str) -> bool:
    """Whether a line calls ``inequality`` or ``equality``, or has an argument ``constraints``."""
    return re.search(r"\b(?:in)?equality\s*\(|\bconstraints?\s*=|\w*Constraint\s*\(", line) is not None


def _defined(program: str) -> set[str]:
    """Functions and classes that a program defines itself."""
    tree = syntax_tree(program)
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return set() if tree is None else {node.name for node in ast.walk(tree) if isinstance(node, kinds)}
