"""r_acc: can the optimizer that a program contains serve the type of the problem?"""

from __future__ import annotations

import io
import tokenize

from llamoco.dataset_builder.optimizers.pool import POOL, identify
from llamoco.dataset_builder.problems.problem import Problem


def serves(program: str, problem: Problem) -> bool:
    """Whether the program's optimizer can serve the problem.

    Known code (a completion whose bytes, after the decision line, are the pool's) serves what the pool says.
    Other code, whole scripts among it, has to define ``optimize`` and use, beyond naming them as parameters,
    the constraint functions that the problem has.
    """
    text = program.partition("\n")[2] if program.startswith("#") else program
    known = identify(text)
    if known is not None:
        return POOL[known[0]].handles(problem.constrained)
    names = _names(program)
    return "optimize" in names and all(
        names.count(name) >= 2
        for name, count in (("inequality", problem.n_inequality), ("equality", problem.n_equality))
        if count
    )


def _names(program: str) -> list[str]:
    """The names in a program's text, comments and strings left out, as far as it can be read."""
    names = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(program).readline):
            if token.type == tokenize.NAME:
                names.append(token.string)
    except (tokenize.TokenError, SyntaxError):
        pass
    return names
