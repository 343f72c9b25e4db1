"""Answer file: ready programs in JSONL, from a model that ran elsewhere or written by hand.

One JSON object a line:

    completion or program   text: defines ``optimize``, or a whole script; taken as it is
    prompt                  text: the prompt that it answers, a value of the data set's column ``prompt``
    row                     in place of prompt: position in the split, as ``load_dataset`` gives it, from 0
    tokens                  optional: tokens in and out; a quarter of the characters if left out
    repair                  optional, text: what became of the program in the repair turn

Other fields are passed over.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llamoco.dataset_builder.prompts.program_text import clean_text
from llamoco.metrics.inputs import MAX_TOKENS
from llamoco.metrics.run_records import shown, whole_number
from llamoco.modeling.generation.model_answer import Generation
from llamoco.modeling.model_error import ModelError
from llamoco.modeling.providers.provider import Failure, OnAnswer, estimated_tokens
from llamoco.modeling.strict_json import strict_json

MAX_ROW = 10**9


@dataclass(frozen=True)
class _Answer:
    line: int
    program: str
    prompt: str | None
    row: int | None
    tokens: int | None
    repair: str | None


class AnswerFile:
    """Ready programs of a JSONL file. Call ``rows_answered`` first: it finds the rows of a split that the file answers.

    Args:
        path: the file.

    Raises:
        ModelError: if there is no such file, it holds no answers, or a line is not as above; names file, line and field.
    """

    def __init__(self, path: Path) -> None:
        try:
            content = path.read_bytes()
            text = content.decode("utf-8-sig")
        except OSError as error:
            raise ModelError(f"file of answers {path} cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise ModelError(
                f"file of answers {path} is not UTF-8 text (byte {error.start}): save it as UTF-8"
            ) from error
        self.name = path.stem
        self._path = path
        self._hash = hashlib.sha256(content).hexdigest()
        # Not splitlines: programs may hold other line separators as they are.
        lines = enumerate(text.split("\n"), start=1)
        self._answers = [self._parsed(line, number) for number, line in lines if line.strip()]
        if not self._answers:
            raise ModelError(
                f'file of answers {path} is empty: expected lines {{"row": 0, "program": "..."}}'
            )
        self.can_repair = any(answer.repair is not None for answer in self._answers)
        self._by_prompt: dict[str, _Answer] = {}

    def settings(self) -> dict[str, Any]:
        """The file's name and the SHA-256 of its content."""
        return {"model": self.name, "file": self._path.name, "sha256": self._hash}

    def rows_answered(self, rows: Sequence[Mapping[str, Any]]) -> list[int]:
        """Positions in ``rows`` of those that the file answers, ascending.

        Args:
            rows: all rows of a split: the column ``prompt``, and "row", the position as ``load_dataset`` gives it, where they stand in
                another order.

        Raises:
            ModelError: if a line answers no row, or two lines answer the same one; names file, line and field.
        """
        positions: dict[str, list[int]] = {}
        for position, row in enumerate(rows):
            positions.setdefault(_key(row["prompt"]), []).append(position)
        prompts = {row.get("row", position): row["prompt"] for position, row in enumerate(rows)}
        self._by_prompt = {}
        for answer in self._answers:
            key = self._prompt_of(answer, prompts)
            if key not in positions:
                raise self._error(
                    answer.line, "prompt", "is no prompt of this split: give it as it stands in the data set"
                )
            if key in self._by_prompt:
                field = "prompt" if answer.row is None else "row"
                raise self._error(
                    answer.line,
                    field,
                    f"is answered in line {self._by_prompt[key].line} already: leave one of them out",
                )
            self._by_prompt[key] = answer
        return sorted(position for key in self._by_prompt for position in positions[key])

    def answer_all(self, prompts: Sequence[str], on_answer: OnAnswer) -> None:
        """See ``provider.AnswerProvider``."""
        for position, prompt in enumerate(prompts):
            answer = self._answer_to(prompt)
            characters = len(prompt) + len(answer.program)
            tokens = estimated_tokens(characters) if answer.tokens is None else answer.tokens
            on_answer(position, Generation(answer.program, None, tokens, finished=True))

    def repair_all(self, failures: Sequence[Failure], on_answer: OnAnswer) -> None:
        """See ``provider.AnswerProvider``: repairs that the file holds; their tokens are a quarter of what is read and written."""
        for position, failure in enumerate(failures):
            repair = self._answer_to(failure.prompt).repair
            if repair is not None:
                read = len(failure.prompt) + len(failure.program) + len(failure.error)
                tokens = estimated_tokens(read + len(repair))
                on_answer(position, Generation(repair, None, tokens, finished=True))

    def _answer_to(self, prompt: str) -> _Answer:
        answer = self._by_prompt.get(_key(prompt))
        if answer is None:
            raise ModelError(
                f"file of answers {self._path} has no answer to the prompt that begins with {prompt[:60]!r}"
            )
        return answer

    def _prompt_of(self, answer: _Answer, prompts: Mapping[int, str]) -> str:
        if answer.row is None:
            assert answer.prompt is not None
            return _key(answer.prompt)
        if answer.row not in prompts:
            what = f"is {answer.row}, but the split has the rows 0 to {max(prompts, default=-1)}"
            raise self._error(answer.line, "row", what)
        key = _key(prompts[answer.row])
        if answer.prompt is not None and _key(answer.prompt) != key:
            raise self._error(
                answer.line, "prompt", f"is not the prompt of row {answer.row}: give one of them"
            )
        return key

    def _parsed(self, line: str, number: int) -> _Answer:
        try:
            record = strict_json(line)
        except ValueError as error:
            raise ModelError(
                f"{self._path}, line {number}: no JSON ({error}); expected one object a line"
            ) from error
        if not isinstance(record, dict):
            raise ModelError(f"{self._path}, line {number}: expected an object, got {type(record).__name__}")
        texts = {
            name: self._text(record, name, number) for name in ("completion", "program", "prompt", "repair")
        }
        given = [name for name in ("completion", "program") if texts[name] is not None]
        if len(given) != 1:
            what = "are both given: give one" if given else "are missing: give one of them"
            raise self._error(number, "completion and program", what)
        program = texts[given[0]]
        assert program is not None
        row, tokens = (
            self._count(record, "row", number, MAX_ROW),
            self._count(record, "tokens", number, MAX_TOKENS),
        )
        if row is None and texts["prompt"] is None:
            raise self._error(number, "prompt and row", "are missing: give one of them")
        return _Answer(number, program, texts["prompt"], row, tokens, texts["repair"])

    def _text(self, record: dict[str, Any], name: str, line: int) -> str | None:
        value = record.get(name)
        if value is None and (name not in record or name == "repair"):
            return None
        if not isinstance(value, str):
            raise self._error(line, name, f"has to be text, got {_shown(value)}")
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as error:
            raise self._error(
                line, name, f"has half of a surrogate pair at character {error.start}"
            ) from error
        return clean_text(value)

    def _count(self, record: dict[str, Any], name: str, line: int, most: int) -> int | None:
        value = record.get(name)
        if value is not None and not whole_number(0, most)(value):
            raise self._error(line, name, f"has to be an integer from 0 to {most}, got {_shown(value)}")
        return value

    def _error(self, line: int, field: str, what: str) -> ModelError:
        return ModelError(f"{self._path}, line {line}: {field} {what}")


def _key(prompt: str) -> str:
    """Prompts are told apart by their text; tools tend to drop the newline at their end."""
    return prompt.strip()


def _shown(value: Any) -> str:
    """A value as JSON, in short."""
    try:
        return (
            shown(value) if isinstance(value, int) and not isinstance(value, bool) else json.dumps(value)[:60]
        )
    except RecursionError:
        return shown(value)
