"""What answers from a server took."""

from llamoco.modeling.evaluation.spending import spending
from llamoco.modeling.generation.model_answer import Generation


def answer(tokens: int, tokens_out: int | None) -> Generation:
    return Generation("x = 1", None, tokens, True, tokens_out=tokens_out)


def test_tokens_are_summed_each_way_and_priced() -> None:
    answers = [answer(1_000_100, 100), answer(500_000, 500_000)]
    assert spending(answers, (2.0, 10.0)) == {
        "answers": 2,
        "tokens_in": 1_000_000,
        "tokens_out": 500_100,
        "prices": [2.0, 10.0],
        "us_dollars": 2.0 + 5.001,
    }
    unpriced = spending(answers, None)
    assert unpriced is not None and (unpriced["prices"], unpriced["us_dollars"]) == (None, None)


def test_answers_that_nobody_counted_have_no_sum() -> None:
    assert spending([answer(10, 5), answer(10, None)], (1.0, 1.0)) is None
    assert spending([], (1.0, 1.0)) is None
