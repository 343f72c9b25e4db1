"""Index expressions against Python's own arithmetic, for one value of an index and for many."""

import numpy as np
import pytest

from llamoco.dataset_builder.problems.symbolic.expression import Expr, Index, Num, Vec, lift
from llamoco.dataset_builder.problems.symbolic.index_expressions import columns_of, evaluate_index

i, n, p = Index("i"), Vec("x").size, Vec("p")
POSITIONS = (3.0, 1.0, 4.0, 2.0)


@pytest.mark.parametrize(
    ("node", "truth"),
    [
        (lift(-3), lambda i: -3),
        (2 * i - 1, lambda i: 2 * i - 1),
        (n - i + 1, lambda i: 7 - i + 1),
        (-(i * i), lambda i: -i * i),
        (p[i], lambda i: int(POSITIONS[i - 1])),
        (p[5 - i] + i, lambda i: int(POSITIONS[4 - i]) + i),
    ],
)
def test_values(node: Expr, truth) -> None:  # type: ignore[no-untyped-def]
    values = np.arange(1, 5)
    for value in values.tolist():
        found = evaluate_index(node, {"x": 7}, {"i": value}, {"p": POSITIONS})
        assert type(found) is int and found == truth(value)
    found = evaluate_index(node, {"x": 7}, {"i": values}, {"p": POSITIONS})
    assert np.broadcast_to(found, 4).tolist() == [truth(value) for value in values.tolist()]


@pytest.mark.parametrize("node", [n / 2, Num(1.5), i, Vec("q")[lift(1)], n**2])
def test_what_is_no_integer_known_in_advance_is_refused(node: Expr) -> None:
    with pytest.raises(ValueError, match="integer known in advance"):
        evaluate_index(node, {"x": 7}, {}, {"p": POSITIONS})


@pytest.mark.parametrize("entry", [0, 5, -1])
def test_entries_beyond_the_ends_are_refused(entry: int) -> None:
    with pytest.raises(
        ValueError, match=f"entry {entry} of vector 'p' does not exist: it has entries 1 to 4"
    ):
        evaluate_index(p[i], {}, {"i": np.array([1, entry])}, {"p": POSITIONS})
    with pytest.raises(ValueError, match="does not exist"):
        columns_of("p", entry, 4)
