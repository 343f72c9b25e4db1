"""Choice of examples for few-shot prompting and vector search, from the train split of a data set.

No example is ever of the problem that is asked, nor of any problem of the test split.

Fixed examples ("fixed"): the same for all problems of a group (constrained or not). They alternate between Python and LaTeX; each is
labelled with another optimizer, the most frequent label of the group first; of the pairs left, the shortest is taken (characters of
prompt and completion, then by the prompt's text).

Nearest examples ("nearest", vector search): the pairs whose prompts have the greatest cosine similarity to the prompt that is asked, each
of another problem, the nearest last, next to the question. The embedding is TF-IDF of words, numbers and signs and of neighbouring
pairs of these, hashed into 2^18 places.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from functools import cached_property
from typing import Any, Literal, NamedTuple

from llamoco.dataset_builder.instruction_data import DataError, open_data, require_columns
from llamoco.dataset_builder.prompts.examples import NEXT_PROBLEM, Example
from llamoco.dataset_builder.prompts.facts import parse_facts
from llamoco.modeling.model_error import ModelError

Choice = Literal["fixed", "nearest"]

MAX_EXAMPLES = 16
LANGUAGES = ("python", "latex")
EMBEDDING = "TF-IDF of words and pairs of words"
_TOKEN = r"[A-Za-z_]\w*|\d+(?:\.\d+)?|[^\w\s]"
_PLACES = 2**18
_COLUMNS = ("prompt", "completion", "problem_id", "language", "optimizer", "constrained")


class Pair(NamedTuple):
    """A pair of the train split; fields as the data set's columns."""

    prompt: str
    completion: str
    problem_id: str
    language: str
    optimizer: str
    constrained: bool

    @property
    def example(self) -> Example:
        """What a model is shown."""
        return Example(self.prompt, self.completion)


class Examples:
    """Chooses examples for prompts.

    Args:
        count: examples for each prompt, from 1.
        choice: "fixed" or "nearest".
        data: folder or Hub id of the data set; None for the shipped one. Read when the first examples are chosen.
        pairs: the train pairs instead, if they are at hand.

    Raises:
        ModelError: if the count is out of range.
    """

    def __init__(
        self, count: int, choice: Choice, data: str | None = None, pairs: Sequence[Pair] | None = None
    ) -> None:
        if not 1 <= count <= MAX_EXAMPLES:
            raise ModelError(f"examples: expected 1 to {MAX_EXAMPLES}, got {count}")
        self.data = data
        self._count, self._choice, self._given = count, choice, pairs

    def settings(self) -> dict[str, Any]:
        """On what the choice depends, besides the data set."""
        words = hashlib.sha256(NEXT_PROBLEM.encode()).hexdigest()[:16]
        found = {"count": self._count, "choice": self._choice, "words": words}
        return found | ({"embedding": EMBEDDING} if self._choice == "nearest" else {})

    def choose(self, prompts: Sequence[str]) -> list[list[Example]]:
        """The examples for each prompt.

        Raises:
            DataError: if the data set cannot be read.
            ModelError: if it has too few pairs.
        """
        chosen = [
            self._fixed(prompt) if self._choice == "fixed" else self._nearest(prompt) for prompt in prompts
        ]
        if any(len(each) < self._count for each in chosen):
            raise ModelError(
                f"examples: expected {self._count} for each prompt, but the train split has too few fitting pairs: ask for fewer"
            )
        return [[pair.example for pair in each] for each in chosen]

    @cached_property
    def _pairs(self) -> list[Pair]:
        """The train pairs in a fixed order, without those of problems of the test split."""
        if self._given is not None:
            return list(self._given)
        train = open_data(self.data, "train")
        require_columns(train, self.data, _COLUMNS)
        try:
            held_out = set(open_data(self.data, "test")["problem_id"])
        except DataError:  # a set of one's own may have no test split
            held_out = set()
        columns = (train[name] for name in _COLUMNS)
        return [pair for pair in map(Pair, *columns) if pair.problem_id not in held_out]

    @cached_property
    def _problems_of(self) -> dict[str, set[str]]:
        """Problems by prompt, to know an asked one again."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        for pair in self._pairs:
            found[pair.prompt].add(pair.problem_id)
        return found

    @cached_property
    def _ranked(self) -> dict[bool, dict[tuple[str, str], list[Pair]]]:
        """Pairs by group, and by optimizer (the most frequent first) and language, the shortest first."""
        ranked: dict[bool, dict[tuple[str, str], list[Pair]]] = {}
        for constrained in (False, True):
            of_group = [pair for pair in self._pairs if pair.constrained == constrained]
            counts = Counter(pair.optimizer for pair in of_group)
            order = sorted(counts, key=lambda name: (-counts[name], name))
            by_kind: dict[tuple[str, str], list[Pair]] = {
                (name, language): [] for name in order for language in LANGUAGES
            }
            for pair in sorted(of_group, key=lambda p: (len(p.prompt) + len(p.completion), p.prompt)):
                by_kind.setdefault((pair.optimizer, pair.language), []).append(pair)
            ranked[constrained] = by_kind
        return ranked

    def _fixed(self, prompt: str) -> list[Pair]:
        facts = parse_facts(prompt)
        by_kind = self._ranked[facts is not None and facts.constrained]
        chosen: list[Pair] = []
        shown: set[str] = set()  # optimizers
        barred = set(self._problems_of.get(prompt, ()))
        while len(chosen) < self._count:
            language = LANGUAGES[len(chosen) % len(LANGUAGES)]
            pair = _shortest(by_kind, language, shown, barred) or _shortest(by_kind, language, (), barred)
            if pair is None:
                break
            chosen.append(pair)
            shown.add(pair.optimizer)
            barred.add(pair.problem_id)
        return chosen

    @cached_property
    def _index(self) -> tuple[Any, Any, Any]:
        """Vectorizer, weights, and the normalised vectors of all pairs (N, 2^18), sparse."""
        import numpy as np
        from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer

        vectorizer = HashingVectorizer(
            token_pattern=_TOKEN,
            lowercase=False,
            ngram_range=(1, 2),
            n_features=_PLACES,
            alternate_sign=False,
            norm=None,
            dtype=np.float32,
        )
        weights = TfidfTransformer(sublinear_tf=True)
        vectors = weights.fit_transform(vectorizer.transform(pair.prompt for pair in self._pairs))
        return vectorizer, weights, vectors

    def _nearest(self, prompt: str) -> list[Pair]:
        import numpy as np

        if not self._pairs:
            return []
        vectorizer, weights, vectors = self._index
        query = weights.transform(vectorizer.transform([prompt]))
        similarity = (vectors @ query.T).toarray()[:, 0]
        barred = set(self._problems_of.get(prompt, ()))
        chosen: list[Pair] = []
        for position in np.argsort(-similarity, kind="stable").tolist():
            pair = self._pairs[position]
            if pair.problem_id not in barred:
                chosen.append(pair)
                barred.add(pair.problem_id)
                if len(chosen) == self._count:
                    break
        return chosen[::-1]


def _shortest(
    by_kind: dict[tuple[str, str], list[Pair]], language: str, shown: Collection[str], barred: Collection[str]
) -> Pair | None:
    """The shortest pair in a language of the most frequent optimizer that was not shown; None if there is none."""
    for (optimizer, of_language), pairs in by_kind.items():
        if of_language == language and optimizer not in shown:
            found = next((pair for pair in pairs if pair.problem_id not in barred), None)
            if found is not None:
                return found
    return None
