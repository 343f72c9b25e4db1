"""No text of a program, reply, message or repair takes the trusted side long, or breaks it: all readers on all adversarial texts."""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llamoco.dataset_builder.optimizers.pool import identify
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.prompts.completion import parse_completion
from llamoco.dataset_builder.prompts.conversation import extract_code, repair_turns
from llamoco.dataset_builder.prompts.program import assemble_program
from llamoco.dataset_builder.prompts.program_text import (
    MAX_PROGRAM,
    clean_text,
    module_names,
    symbol_table,
    syntax_tree,
)
from llamoco.metrics.failures import as_text, causes
from llamoco.metrics.faithfulness import STATEMENT, states_a_problem
from llamoco.metrics.scores import lines_changed
from llamoco.metrics.suitability import serves

LIMIT = 2.0  # seconds for each reader on 100,000 characters, on a machine that has other work
N = MAX_PROGRAM
SECTION = "LOWER, UPPER, MAX_EVALS = [0.0], [1.0], 100\ndef objective(x):\n    return x[0]\n"
PROBLEM = Problem("p", "source", (0.0,), (1.0,), 100, 1, 1, {"python": SECTION})
HEAD = "def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None):\n"


def message(text: str) -> str:
    """The report on a run that failed with such a message."""
    row = {"prediction": 0, "run": 0, "verdict": "runtime_error", "reason": text, "frames": [text] * 3}
    return as_text(
        causes(
            [row | {"exception": text, "message": text, "benign": False, "faithful": None, "repair": None}]
        )
    )


READERS: dict[str, Callable[[str], Any]] = {
    "states_a_problem": states_a_problem,
    "serves": lambda text: serves(text, PROBLEM),
    "serves, as optimize": lambda text: serves(HEAD + "    " + text, PROBLEM),
    "syntax_tree": syntax_tree,
    "module_names": module_names,
    "symbol_table": symbol_table,
    "parse_completion": parse_completion,
    "identify": identify,
    "program": lambda text: assemble_program(SECTION, text),
    "extract_code": extract_code,
    "extract_code a block": lambda text: extract_code(f"```python\n{text}\n```"),
    "received": clean_text,
    "repair_turns": lambda text: repair_turns("plain", text, text, text),
    "Rec to another": lambda text: lines_changed(text, "x = 1\n" + text[::2]),
    "Rec to itself, changed": lambda text: lines_changed(text, text.replace("a", "b")),
    "Rec from nothing": lambda text: lines_changed("", text),
    "a cause": message,
}


def filled(piece: str, end: str = "", start: str = "") -> str:
    """As many of a piece as there is room for."""
    return start + piece * ((N - len(start) - len(end)) // len(piece)) + end


TEXTS = {
    "names before a bracket": filled("objective,", "("),
    "names before an equals sign": filled("objective,", "= ("),
    "equals signs": filled("LOWER=", "("),
    "comparisons": filled("UPPER==", "("),
    "one name": filled("a", "("),
    "annotations": filled("UPPER:", "=("),
    "definitions": filled("def objective\n", "("),
    "aliases": "".join(f"o{i} = o{i + 1}\n" for i in range(6600)) + HEAD + "    return o0\n",
    "aliases of optimize": "".join(f"o{i} = o{i - 1}\n" for i in range(1, 6600)) + "optimize = o6599\n",
    "aliases within": HEAD
    + "".join(f"    o{i} = o{i + 1}\n" for i in range(5000))
    + "    o5000 = inequality\n",
    "aliases of the argument": HEAD
    + "    o0 = inequality\n"
    + "".join(f"    o{i + 1} = o{i}\n" for i in range(5000))
    + "    o5000(0)\n",
    "aliases in a tuple": HEAD
    + "    "
    + ", ".join(f"a{i}" for i in range(5000))
    + " = "
    + ", ".join(f"a{i + 1}" for i in range(5000))
    + "\n",
    "functions in a row": filled("def optimize(): optimize = optimize\n"),
    "lambdas in lambdas": HEAD + "    f = " + "lambda a: " * 800 + "inequality\n",
    "functions in functions": "".join(f"{' ' * i}def f{i}(a{i}=inequality):\n" for i in range(95))
    + " " * 95
    + "a0(a1)\n",
    "calls in calls": HEAD + "    return " + "f(" * 90 + "inequality" + ")" * 90 + "\n",
    "calls of calls": HEAD + "    return f" + "(inequality is None)" * 900 + "\n",
    "attributes of calls": HEAD + "    return f" + "().a" * 190 + "\n",
    "conditions": HEAD + "    x = " + "inequality if a else " * 300 + "0\n",
    "arguments": filled("a,", ")", "f("),
    "targets": filled("a=", "inequality", HEAD + "    "),
    "dots": filled("a.", "a", "import "),
    "dots with blanks": filled("a \\\n.", "a", "from "),
    "attributes": filled(".a", "", "a"),
    "subscripts": filled("[0]", "", "a"),
    "plus": filled("+a", "", "a"),
    "powers": filled("**a", "", "a"),
    "comparisons in a row": filled("<a", "", "a"),
    "not": filled("not ", "1"),
    "minus": filled("-", "1"),
    "await": filled("await ", "x"),
    "brackets": filled("("),
    "brackets in brackets": "(" * 150 + "x" + ")" * 150,
    "braces": filled("{"),
    "lists that are closed": filled("[]"),
    "dictionaries": filled("{1:"),
    "commas": filled(","),
    "a comment": filled("#"),
    "a number": filled("1"),
    "a float": filled("1", ".5x"),
    "an exponent": filled("1", "", "1e"),
    "a hexadecimal number": filled("f", "", "0x"),
    "an f-string": filled("{a}", "'", "f'"),
    "an f-string's formats": filled("{a!r:{b}}", "'", "f'"),
    "escapes": filled("\\d", "'", "'"),
    "strings with escapes": filled("'\\d',"),
    "a string that is not closed": filled("a", "", "'''"),
    "quotes": filled("'a"),
    "quotes of all kinds": filled("'\"`"),
    "decorators": filled("@a\n", "def f(): pass"),
    "semicolons": filled("a;"),
    "elif": filled("elif a: pass\n", "", "if a: pass\n"),
    "try": filled("except A: pass\n", "", "try: pass\n"),
    "alternatives": filled("1|", "1: pass", "match a:\n case "),
    "backslashes": filled("\\\n"),
    "indents": "".join(" " * i + "if 1:\n" for i in range(99)) + " " * 99 + "pass",
    "tabs": filled("\t"),
    "blanks": filled(" "),
    "empty lines": filled("\n"),
    "carriage returns": filled("\r"),
    "form feeds": filled("\f"),
    "lines that alternate": filled("a\nb\n"),
    "lines that differ": "".join(f"x{i}\na{i}\n" for i in range(8000)),
    "global": filled("a,", "a", "global "),
    "null bytes": filled("\0"),
    "lone surrogates": filled("\ud800"),
    "halves the other way round": filled("\udc00\ud800"),
    "byte order marks": filled("\ufeff"),
    "letters that normalise": filled("\ufb01", " = 1"),
    "decisions": filled("; optimizer: a", "!", "#"),
    "a decision's name": filled("a", "!", "# ; optimizer: "),
    "constants": filled("A = 1\n"),
    "a constant's name": filled("A", "!"),
    "fences": filled("```\n"),
    "a fence of backticks": filled("`", "a`"),
    "a fence of tildes": filled("~", "`"),
    "a fence and blanks": filled(" ", "`", "```"),
    "a fence's label": filled("a", "`", "```"),
    "indents of fences": filled(" ", "~~~`"),
    "ends of thoughts": filled("</think>"),
    "imports": filled("import a\n"),
    "imports in a line": filled("import a ", "\n"),
    "a plain import": filled("a, ", "!", "import "),
    "numbers in brackets": filled("(1, ", ""),
    "numbers in square brackets": filled("[1 ", "..."),
    "hints": filled(" Did you mean "),
    "addresses": filled("0x1 "),
    "signs": filled("+-"),
    "keywords": HEAD.replace("inequality=None, equality=None", "**more")
    + filled("more['a'](more.get('inequality'));", "\n", "    ")[:60_000],
}


# Large syntax trees: a second or more for all readers.
HEAVY = (
    "an f-string",
    "an f-string's formats",
    "targets",
    "semicolons",
    "arguments",
    "comparisons in a row",
    "lists that are closed",
    "decorators",
    "try",
    "strings with escapes",
    "alternatives",
    "functions in a row",
    "lines that differ",
)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name in HEAVY)) for name in TEXTS]
)
def test_every_reader_is_done_in_time_with_every_text(name: str) -> None:
    text = TEXTS[name]
    assert len(text) <= N
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # and none warns of what somebody else wrote
        for reader, read in READERS.items():
            begun = time.process_time()
            read(text)
            assert time.process_time() - begun < LIMIT, reader


@pytest.mark.parametrize("name", ["names before a bracket", "aliases", "a fence of tildes", "empty lines"])
def test_nor_with_texts_that_are_far_too_long(name: str) -> None:
    text = TEXTS[name] * 10
    for reader, read in READERS.items():
        begun = time.process_time()
        read(text)
        assert time.process_time() - begun < 2 * LIMIT, reader
    assert syntax_tree("x = 1\n" * 20_000) is None and not serves(text, PROBLEM)


PIECES = st.sampled_from(
    [
        *(c for c in "()[]{}:,;.=+-*/%&|^~<>@!'\"\\#` \t\n\r\0\ufeff\ud800\u2028aA1_"),
        "inequality",
        "equality",
        "optimize",
        "def ",
        "lambda ",
        "if ",
        "else ",
        "for ",
        "in ",
        "import ",
        "not ",
        "```",
        "~~~",
        *(f"{name} = " for name in STATEMENT),
        "# ; optimizer: ",
        "f'{",
        "0x",
        "1e",
        "\\\n",
        "\n    ",
        HEAD,
    ]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(st.lists(PIECES, min_size=1, max_size=6), st.sampled_from([1, 2, 50, 3000])),
        min_size=1,
        max_size=6,
    )
)
def test_no_combination_of_pieces_takes_long_or_breaks_a_reader(parts: list[tuple[list[str], int]]) -> None:
    text = "".join("".join(pieces) * count for pieces, count in parts)[:20_000]
    for reader, read in READERS.items():
        begun = time.process_time()
        read(text)
        assert time.process_time() - begun < LIMIT, reader


@given(st.text(alphabet=st.characters(codec=None), max_size=200))
def test_what_is_received_can_be_stored_and_is_else_unchanged(text: str) -> None:
    taken = clean_text(text)
    assert taken == clean_text(taken) and taken.encode().decode() == taken
    assert json.loads(json.dumps(taken)) == taken
    with suppress(UnicodeEncodeError):
        text.encode()
        assert taken == text.lstrip("\ufeff")


@pytest.mark.parametrize("text", ["\ufeff# a; optimizer: de\nx = 1\n", "\ufeffx = 1\n", "\ufeff" + SECTION])
def test_a_byte_order_mark_is_as_if_it_were_not_there(text: str) -> None:
    plain = text.lstrip("\ufeff")
    assert parse_completion(text) == parse_completion(plain)
    assert (
        extract_code(text)
        == extract_code(f"\ufeff```python\n{plain}```")
        == extract_code(f"```\n{text}```")
        == plain
    )
    assert assemble_program("\ufeff" + SECTION, text) == assemble_program(SECTION, plain)
    assert states_a_problem(text) == states_a_problem(plain)
    solver = HEAD + "    return inequality(0), equality(0)\n"
    assert serves("\ufeff" + solver, PROBLEM)


def test_the_constraint_is_followed_through_any_number_of_names() -> None:
    chain = "".join(f"    o{i + 1} = o{i}\n" for i in range(5000))
    for start, expected in (("inequality, equality", True), ("inequality, None", False)):
        body = f"    o0 = [{start}]\n{chain}    return search(o5000)\n"
        assert serves(HEAD + body.replace("[inequality, None]", "None; inequality"), PROBLEM) == expected
    aliases = "".join(f"o{i + 1} = o{i}\n" for i in range(4000))
    solver = HEAD.replace("optimize", "o0") + "    return inequality(0), equality(0)\n"
    assert serves(f"{solver}{aliases}optimize = o4000\n", PROBLEM)
