"""Examples: chosen as stated, never of the problem that is asked, shown as earlier turns, also in the repair turn."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from scripted_server import Scripted, provider, scripted
from study_rows import described

from llamoco.dataset_builder.prompts.conversation import CONTRACT, first_turns
from llamoco.dataset_builder.prompts.examples import NEXT_PROBLEM, Example, turns_with_examples
from llamoco.dataset_builder.prompts.facts import facts_only
from llamoco.modeling.evaluation.evaluation_folder import EvaluationError, lock_folder
from llamoco.modeling.model_error import ModelError
from llamoco.modeling.providers.examples import EMBEDDING, Examples, Pair
from llamoco.modeling.providers.provider import Failure

ROWS = described(40)
PAIRS = [Pair(*(row[name] for name in Pair._fields)) for row in ROWS]
OF_PROMPT = {pair.prompt: pair for pair in PAIRS}
ASKED = [next(pair for pair in PAIRS if pair.constrained == group).prompt for group in (False, True)]


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted(lambda body: "```python\ndef optimize(): pass\n```") as running:
        yield running


def pairs_of(examples: list[Example]) -> list[Pair]:
    return [OF_PROMPT[example.prompt] for example in examples]


def test_fixed_examples_follow_the_rule() -> None:
    for prompt, constrained in zip(ASKED, (False, True), strict=True):
        [chosen] = Examples(2, "fixed", pairs=PAIRS).choose([prompt])
        found = pairs_of(chosen)
        assert [pair.language for pair in found] == ["python", "latex"]
        group = [
            p for p in PAIRS if p.constrained == constrained and p.problem_id != OF_PROMPT[prompt].problem_id
        ]
        labels = [p.optimizer for p in PAIRS if p.constrained == constrained]
        by_frequency = sorted(set(labels), key=lambda name: (-labels.count(name), name))
        python = [p for p in group if p.language == "python"]
        best = next(name for name in by_frequency if any(p.optimizer == name for p in python))
        assert found[0].optimizer == best != found[1].optimizer
        sizes = [len(p.prompt) + len(p.completion) for p in python if p.optimizer == best]
        assert len(found[0].prompt) + len(found[0].completion) == min(sizes)
        assert all(pair.constrained == constrained for pair in found)
    others = [pair.prompt for pair in PAIRS if pair.constrained][4:]
    chosen = Examples(2, "fixed", pairs=PAIRS).choose(others)
    assert max(map(chosen.count, chosen)) >= len(others) - 4  # the same for all but those that they are of


@pytest.mark.parametrize("choice", ["fixed", "nearest"])
def test_no_example_is_of_the_problem_that_is_asked(choice: Any) -> None:
    for prompt, chosen in zip(
        OF_PROMPT, Examples(3, choice, pairs=PAIRS).choose(list(OF_PROMPT)), strict=True
    ):
        problems = [pair.problem_id for pair in pairs_of(chosen)]
        assert OF_PROMPT[prompt].problem_id not in problems and len(set(problems)) == 3


def test_the_nearest_examples_are_nearest_by_a_second_computation() -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(
        token_pattern=r"[A-Za-z_]\w*|\d+(?:\.\d+)?|[^\w\s]",
        lowercase=False,
        ngram_range=(1, 2),
        sublinear_tf=True,
    )
    vectors = vectorizer.fit_transform([pair.prompt for pair in PAIRS])
    for prompt in ASKED:
        similarity = (vectors @ vectorizer.transform([prompt]).T).toarray()[:, 0]
        own = OF_PROMPT[prompt].problem_id
        best = max((i for i, pair in enumerate(PAIRS) if pair.problem_id != own), key=lambda i: similarity[i])
        [chosen] = Examples(2, "nearest", pairs=PAIRS).choose([prompt])
        assert chosen[-1] == PAIRS[best].example


def test_an_almost_equal_prompt_finds_its_pair() -> None:
    changed = ASKED[0].replace("# evaluation budget: ", "# evaluation budget: 1")
    [chosen] = Examples(1, "nearest", pairs=PAIRS).choose([changed])
    assert pairs_of(chosen)[0].problem_id == OF_PROMPT[ASKED[0]].problem_id


def test_examples_are_earlier_turns_of_every_request(server: Scripted) -> None:
    examples = Examples(2, "fixed", pairs=PAIRS)
    source = provider(server, examples=examples)
    source.answer_all(ASKED[:1], lambda *answer: None)
    source.repair_all([Failure(ASKED[0], "x = 1", "NameError: name 'y'")], lambda *answer: None)
    [first, second] = examples.choose(ASKED[:1])[0]
    asked, repaired = (body["messages"] for body in server.seen)
    assert asked == repaired[:5] and len(repaired) == 7
    assert [message["role"] for message in asked] == ["user", "assistant"] * 2 + ["user"]
    assert asked[0]["content"] == f"{CONTRACT}\nThe problem:\n\n{first.prompt}"
    assert asked[1]["content"] == f"```python\n{first.completion.rstrip()}\n```\n"
    assert asked[2]["content"] == NEXT_PROBLEM + second.prompt
    assert asked[4]["content"] == NEXT_PROBLEM + ASKED[0]
    assert "x = 1" in repaired[5]["content"] and "NameError" in repaired[6]["content"]


def test_a_model_with_little_room_sees_fewer_examples_then_facts_only(server: Scripted) -> None:
    server.trouble = [(400, b'{"error": {"message": "too long"}}', 0.0)] * 3
    answers: list[Any] = []
    provider(server, examples=Examples(2, "fixed", pairs=PAIRS)).answer_all(
        ASKED[:1], lambda *a: answers.append(a)
    )
    assert [len(body["messages"]) for body in server.seen] == [5, 3, 1, 1] and len(answers) == 1
    assert all(ASKED[0] in body["messages"][-1]["content"] for body in server.seen[:3])
    assert server.seen[3]["messages"][0]["content"].endswith(facts_only(ASKED[0]))


def test_plain_prompts_are_pairs_as_in_training() -> None:
    examples = [Example("a\n", "A"), Example("b\n", "B\n")]
    [full, *_] = turns_with_examples("plain", first_turns("plain", "c\n# dimension: 2\n"), examples)
    assert "".join(message["content"] for message in full) == "a\nA\nb\nB\nc\n# dimension: 2\n"
    plain = first_turns("plain", "c")
    assert turns_with_examples("plain", plain, []) == plain


def test_the_settings_tell_few_shot_vector_search_and_neither_apart(tmp_path: Path, server: Scripted) -> None:
    sources = [
        provider(server, examples=examples)
        for examples in (None, Examples(2, "fixed"), Examples(3, "fixed"), Examples(2, "nearest"))
    ]
    assert sources[3].settings()["examples"]["embedding"] == EMBEDDING
    for number, source in enumerate(sources):
        folder = tmp_path / str(number)
        asked = {"source": source.settings(), "data": None, "data_hash": "h"}
        with lock_folder(folder, asked, {}):
            (folder / "generations.jsonl").write_text("{}\n")
        assert json.loads((folder / "settings.json").read_text())["source"] == source.settings()
        with lock_folder(folder, asked, {}):
            pass
        for other in sources[:number] + sources[number + 1 :]:
            with (
                pytest.raises(EvaluationError, match=r"source\.examples"),
                lock_folder(folder, asked | {"source": other.settings()}, {}),
            ):
                pass


def test_too_many_examples() -> None:
    with pytest.raises(ModelError, match="expected 1 to 16, got 17"):
        Examples(17, "fixed")
    with pytest.raises(ModelError, match="too few fitting pairs"):
        Examples(5, "nearest", pairs=PAIRS[:4]).choose([ASKED[0]])


def test_examples_come_from_a_data_sets_train_split_without_the_problems_of_its_test_split(
    tmp_path: Path,
) -> None:
    from datasets import Dataset

    held_out = {pair.problem_id for pair in PAIRS[:20]}
    (tmp_path / "data").mkdir()
    for split, rows in (
        ("train", ROWS),
        ("test", [row for row in ROWS if row["problem_id"] in held_out]),
    ):
        Dataset.from_list(rows).to_parquet(tmp_path / "data" / f"{split}-00000-of-00001.parquet")
    for choice in ("fixed", "nearest"):
        chosen = Examples(3, choice, str(tmp_path)).choose([pair.prompt for pair in PAIRS[:20]])
        rest = [pair for pair in PAIRS if pair.problem_id not in held_out]
        assert chosen == Examples(3, choice, pairs=rest).choose([pair.prompt for pair in PAIRS[:20]])
        assert not held_out & {pair.problem_id for each in chosen for pair in pairs_of(each)}
