"""The contract in words, programs in replies, and the repair turn."""

import ast

import pytest

from llamoco.dataset_builder.optimizers import pool
from llamoco.dataset_builder.prompts.conversation import (
    CONTRACT,
    ERROR_LIMIT,
    GAP,
    as_text,
    extract_code,
    first_turns,
    repair_turns,
)
from llamoco.metrics.sandbox.child import IMPORTABLE
from llamoco.metrics.sandbox.sandbox import TIME_LIMIT

PROGRAM = "import numpy as np\n\n\ndef optimize(objective, lower, upper, max_evals, seed, **rest):\n    return lower\n"
FACTS = (
    "# dimension: 2\n# bounds: [0, 1] x 2\n# variables: continuous\n# starting point: none\n"
    "# evaluation budget: 100\n# inequality constraints: 0\n"
    "# equality constraints: 0\n# evaluations per variable: 50\n# objective: degree 1, separable; linear\n"
    "# constraints: none\n"
)
PROMPT = "def objective(x):\n    return x[0] + x[1]\n" + FACTS


def test_the_contract_states_what_the_sandbox_does() -> None:
    for name in IMPORTABLE:
        assert name in CONTRACT
    assert TIME_LIMIT == 60 and "one minute" in CONTRACT
    signature = next(line for line in CONTRACT.splitlines() if line.startswith("def optimize("))
    stated = ast.parse(f"{signature} pass").body[0]
    function = next(
        node
        for node in ast.parse(pool.source("slsqp")).body
        if isinstance(node, ast.FunctionDef) and node.name == "optimize"
    )
    assert isinstance(stated, ast.FunctionDef) and ast.dump(stated.args) == ast.dump(function.args)


@pytest.mark.parametrize(
    "reply",
    [
        PROGRAM,
        f"```python\n{PROGRAM}```",
        f"Here is the program:\n\n```python\n{PROGRAM}```\nIt returns the corner.",
        f"```Python\n{PROGRAM}\n```\n",
        f"```py\n{PROGRAM}```",
        f"```\n{PROGRAM}```",
        f"~~~python\n{PROGRAM}~~~",
        f"~~~~\n{PROGRAM}~~~~",
        f"````python\n{PROGRAM}````",
        f"```python\n{PROGRAM}",  # cut off before the fence was closed
        f'```python title="solver.py"\n{PROGRAM}```',
        f"```python\r\n{PROGRAM}```".replace("\n", "\r\n"),
        f"<think>\n```python\nx = 1\n```\n</think>\n```python\n{PROGRAM}```",
        # The last version counts; a usage example or an install command is no program, however long.
        f"```python\ndef optimize(f):\n    broken\n```\nBetter:\n```python\n{PROGRAM}```",
        f"```python\n{PROGRAM}```\nUse it so:\n```python\n{'x = optimize(f, lower, upper, 100, 0)  # again' * 20}\n```",
        f"```bash\n{'pip install cma ' * 30}\n```\n```python\n{PROGRAM}```",
        f"1. The program:\n   ```python\n{''.join(f'   {line}' for line in PROGRAM.splitlines(keepends=True))}   ```\n",
    ],
)
def test_the_program_is_taken_out_of_a_reply(reply: str) -> None:
    code = extract_code(reply)
    assert ast.dump(ast.parse(code)) == ast.dump(ast.parse(PROGRAM))
    assert code.strip() == PROGRAM.strip() or "\r" in reply


def test_without_a_function_optimize_the_longest_python_block_is_the_program() -> None:
    reply = "```text\nplain words, much longer than the code\n```\n```python\nx = 1\n```\n```python\nx = 12345\n```\n"
    assert extract_code(reply) == "x = 12345\n"
    assert extract_code("```text\nonly this\n```\n") == "only this\n"
    assert extract_code("```\n\n```\nI cannot help.") == "```\n\n```\nI cannot help."
    assert extract_code("") == ""


def test_a_fence_within_a_docstring_does_not_end_the_block() -> None:
    program = 'def optimize(f):\n    """Example:\n\n    ```python\n    optimize(f)\n    ```\n    """\n    return f\n'
    assert extract_code(f"```python\n{program}```\n") == program


def test_what_models_are_asked() -> None:
    plain, short = first_turns("plain", PROMPT)
    assert as_text("plain", plain) == PROMPT and as_text("plain", short) == FACTS
    whole, _ = first_turns("contract", PROMPT)
    text = as_text("contract", whole)
    assert text.startswith(CONTRACT) and PROMPT in text
    # A text model goes on within the code block.
    assert extract_code(text[text.rindex("```python") :] + f"{PROGRAM}```\nDone.") == PROGRAM
    assert len(first_turns("plain", FACTS)) == 1, "facts alone cannot be cut"


def test_the_repair_turn_shows_prompt_program_and_error() -> None:
    error = "NameError: name 'nq' is not defined\nline 5, in optimize"
    text = as_text("plain", repair_turns("plain", PROMPT, PROGRAM, error)[0])
    assert text == (
        PROMPT + PROGRAM + "# error: NameError: name 'nq' is not defined\n# error: line 5, in optimize\n"
        "# corrected program:\n"
    )
    conversation = repair_turns("contract", PROMPT, PROGRAM, error)[0]
    assert [message["role"] for message in conversation] == ["user", "assistant", "user"]
    assert conversation[:1] == first_turns("contract", PROMPT)[0]
    assert extract_code(conversation[1]["content"]) == PROGRAM
    assert error in conversation[2]["content"]


def test_what_is_cut_first_is_the_description_then_the_programs_middle() -> None:
    program = "".join(f"x{number} = {number}\n" for number in range(40))
    turns = [as_text("plain", turn) for turn in repair_turns("plain", PROMPT, program, "E: x")]
    assert turns[0].startswith(PROMPT + program)
    assert turns[1].startswith(FACTS + program)
    for text, kept in zip(turns[2:], (20, 10, 5), strict=True):
        lines = text.removeprefix(FACTS).splitlines()
        assert len(lines) == kept + 3 and lines.count(GAP) == 1
        assert lines[0] == "x0 = 0" and lines[-3:] == ["x39 = 39", "# error: E: x", "# corrected program:"]
    assert [len(text) for text in turns] == sorted(map(len, turns), reverse=True)


def test_a_long_error_keeps_its_ends() -> None:
    error = "ValueError: " + "x" * 5000 + "\nline 9, in optimize"
    text = as_text("plain", repair_turns("plain", PROMPT, PROGRAM, error)[0])
    assert len(text) < len(PROMPT + PROGRAM) + ERROR_LIMIT + 100
    assert "# error: ValueError: x" in text and "line 9, in optimize\n" in text
    # Empty programs are repaired like others.
    assert repair_turns("contract", PROMPT, "", "SyntaxError: no code")[0][1]["role"] == "assistant"
