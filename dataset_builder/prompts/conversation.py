"""Conversations with models: prompts for tuned models, the contract in words for general LLMs, the repair turn.

In style "plain" a model gets a prompt as it is and answers with a completion: tuned models. In style "contract" it gets ``CONTRACT``
first, and answers with a code block, perhaps among prose: general LLMs. In the repair turn (paper, section IV-A3 b: one additional turn
of conversation) it sees what it was asked, its program and the error.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from llamoco.dataset_builder.prompts.facts import facts_only
from llamoco.dataset_builder.prompts.program_text import clean_text, length_error

PromptStyle = Literal["plain", "contract"]
Message = dict[str, str]  # role and content, as chat templates and servers take them
Conversation = list[Message]

CONTRACT = """\
Write a Python program that solves the continuous optimization problem at the end of this message. Choose an optimization algorithm
that suits the problem, its dimension and its evaluation budget, and set its hyper-parameters. Do not restate the problem in code: its
functions are passed in. The program has to define

def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None, x0=None):
    ...
    return x

which is called once, with
- objective(x): the value to be minimized. For x of shape (D,) it is a float, for a batch of shape (N, D) an array of shape (N,). It may
  be nan or inf.
- lower, upper: numpy arrays of shape (D,), the bounds of the search range. Points outside are evaluated, but are no solutions.
- max_evals: the evaluation budget, an integer. Each point costs one evaluation, in a batch too. A call for more points than are left
  raises an exception and ends the run.
- seed: an integer. All random numbers have to follow from it.
- inequality(x), equality(x): values of the constraints, of shape (M,) for one point and (N, M) for a batch; None where the problem has
  no such constraints. A point is feasible if all inequality(x) <= 1e-6, all |equality(x)| <= 1e-4 and lower <= x <= upper.
- x0: a starting point of shape (D,), or None. Evaluate it first; it counts.
Evaluations are shared: objective, inequality and equality, asked one after the other at the same x (or the same batch), cost one
evaluation in all; a call that repeats the x of the call before it is free.

Return the best feasible point found, a finite array of shape (D,). What counts is the objective there, and how early in the budget good
points were found.

The program may import numpy, scipy, cma, deap, nlopt and the standard library, nothing else. It runs confined: no files, no network, no
other processes, one minute of computing time of its own. It does not call optimize itself.

Answer with one Python code block that holds the complete program.
"""
REPAIR_REQUEST = """\
The program failed:

{error}

Correct it. Answer with one Python code block that holds the complete corrected program.
"""
OPENED = "```python\n"  # what a text ends with that asks for a code block
ERROR_LIMIT = 1000  # characters of an error that a model sees
FEWEST_LINES = 4  # of a program that is cut
GAP = "# ... lines left out ..."
LINE_LIMIT = 400  # characters of a line of a program that is cut

_LABEL = re.compile(r"[\w+.-]*")
_OPTIMIZE = re.compile(r"^def optimize\(", re.MULTILINE)
_PYTHON = frozenset({"", "python", "python3", "py"})


def first_turns(style: PromptStyle, prompt: str) -> list[Conversation]:
    """Conversations that ask for a program: with the full prompt and, for a model that it does not fit into, with fact lines only."""
    return [[question(style, text)] for text in dict.fromkeys((prompt, facts_only(prompt)))]


def repair_turns(style: PromptStyle, prompt: str, program: str, error: str) -> list[Conversation]:
    """Conversations that ask for a repair, each shorter than the one before: the first that fits into the model is used.

    The first has prompt, program and error. Then the prompt loses its description; then the program's long lines lose their middle;
    then half of its lines, from the middle, are replaced by a comment, then three quarters, and so on. A program that is too long to
    be run is cut in the first one, too.

    Args:
        style: how the model was asked.
        prompt: what it was asked.
        program: what it answered.
        error: the exception's type, message and line, or the verdict's reason; of a long one the middle is left out.
    """
    full = program.rstrip()
    lines = [_clipped(line, LINE_LIMIT) for line in full.split("\n")]
    programs = [full, "\n".join(lines)]
    kept = len(lines) // 2
    while kept >= FEWEST_LINES:
        programs.append(_without_middle(lines, kept))
        kept //= 2
    programs = [text for text in programs if not length_error(text)]
    short = facts_only(prompt)
    cases = dict.fromkeys([(prompt, programs[0]), *((short, text) for text in programs)])
    return [
        [question(style, asked), *_failed(style, text, _clipped(error.strip(), ERROR_LIMIT))]
        for asked, text in cases
    ]


def as_text(style: PromptStyle, conversation: Conversation) -> str:
    """A conversation as one text that a model continues, for models without a chat template.

    In style "contract" it ends within an opened code block: see ``extract_code``.
    """
    contents = [message["content"] for message in conversation]
    return "".join(contents) if style == "plain" else "\n".join(contents) + f"\n{OPENED}"


def extract_code(reply: str) -> str:
    """The program in a general LLM's reply.

    Of the code blocks (fences of backticks or tildes, also one that is never closed) the last one that defines ``optimize``; else the
    longest one that is labelled as Python or not at all; else the longest. A reply without a code block is all program. The thoughts of a
    reasoning model, up to ``</think>``, are ignored.
    """
    reply = clean_text(reply).replace("\r\n", "\n").rpartition("</think>")[2]
    blocks = _blocks(reply)
    ranked = (
        [code for _, code in blocks if _OPTIMIZE.search(code)][-1:],
        [code for label, code in blocks if label in _PYTHON],
        [code for _, code in blocks],
    )
    return clean_text(next((max(codes, key=len) for codes in ranked if codes), reply))


def question(style: PromptStyle, prompt: str) -> Message:
    """The message that asks for a program."""
    return {
        "role": "user",
        "content": prompt if style == "plain" else f"{CONTRACT}\nThe problem:\n\n{prompt}",
    }


def _failed(style: PromptStyle, program: str, error: str) -> Conversation:
    if style == "plain":
        comments = "".join(f"# error: {line}\n" for line in error.splitlines())
        answer, request = f"{program}\n", f"{comments}# corrected program:\n"
    else:
        answer, request = f"{OPENED}{program}\n```\n", REPAIR_REQUEST.format(error=error)
    return [{"role": "assistant", "content": answer}, {"role": "user", "content": request}]


def _without_middle(lines: Sequence[str], kept: int) -> str:
    head = (kept + 1) // 2
    return "\n".join([*lines[:head], GAP, *lines[len(lines) - kept + head :]])


def _clipped(text: str, limit: int) -> str:
    """Cut the middle of a long text: an error begins with its type and ends with its place."""
    half = limit // 2
    return text if len(text) <= limit else f"{text[:half]} ... {text[-half:]}"


class _Fence(NamedTuple):
    """The line that opens a code block."""

    indent: str
    fence: str
    label: str


def _opened(line: str) -> _Fence | None:
    """The fence of a line that opens a code block: three or more backticks or tildes, a label, no backtick after them."""
    text = line.lstrip(" \t")
    mark = text[:1]
    after = text.lstrip(mark) if mark in ("`", "~") else text
    fence = text[: len(text) - len(after)]
    if len(fence) < 3 or "`" in after:
        return None
    label = _LABEL.match(after.lstrip(" \t"))
    return _Fence(line[: len(line) - len(text)], fence, label[0].lower() if label else "")


def _blocks(reply: str) -> list[tuple[str, str]]:
    """Fenced code blocks that are not blank: label in lower case, and content with the fence's indentation taken off."""
    blocks: list[tuple[str, str]] = []
    opening: _Fence | None = None
    content: list[str] = []
    for line in reply.split("\n"):
        if opening is None:
            opening, content = _opened(line), []
        elif _closes(line, opening):
            blocks.append((opening.label, "\n".join(content) + "\n"))
            opening = None
        else:
            content.append(line.removeprefix(opening.indent))
    if opening is not None:
        blocks.append((opening.label, "\n".join(content)))
    return [(label, code) for label, code in blocks if code.strip()]


def _closes(line: str, opening: _Fence) -> bool:
    """True if a line ends a block by CommonMark: a fence of the same kind, not shorter, not indented like code."""
    mark, fence = line.strip(), opening.fence
    indent = len(line) - len(line.lstrip())
    return len(mark) >= len(fence) and mark == fence[0] * len(mark) and indent <= len(opening.indent) + 3
