"""Evaluation of a model: answers, runs in the sandbox, and scores next to the single best solver and the labelled answers.

Five steps over the files of a folder (``evaluation_folder``). Each continues where it was stopped and can be done on another
machine than the one before:

    generate    the model answers, raw and within the pool
    run         the answers, the reference programs and any repairs are run
    repair      the model sees each program that failed, with its error, and answers once more
    robustness  the model decides on other descriptions of the same problems; no program is written or run
    score       the record is computed from the files
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from llamoco.dataset_builder.benchmark.provenance import environment
from llamoco.dataset_builder.instruction_data import data_hash, single_best_solvers
from llamoco.dataset_builder.problems.jsonl import append_jsonl
from llamoco.dataset_builder.prompts.program_text import clean_text
from llamoco.metrics.run_records import row, run_of_row
from llamoco.metrics.runner import Prediction, Runner
from llamoco.metrics.scores import Run
from llamoco.modeling.evaluation.evaluation_folder import (
    GENERATIONS,
    REPAIRS,
    ROBUSTNESS,
    SETTINGS,
    STEPS_LOG,
    EvaluationError,
    Key,
    Line,
    lock_folder,
    read_settings,
    runs_file,
    write_json,
)
from llamoco.modeling.evaluation.record import EvaluationRecord, write_record
from llamoco.modeling.evaluation.results import (
    RUN_FILES,
    answered_rows,
    contestants_programs,
    error_text,
    failing,
    prediction_of,
    problems_of,
    read_answers,
    read_decisions,
    read_repairs,
    read_results,
    read_runs,
    read_within_pool,
    run_key,
)
from llamoco.modeling.evaluation.robustness import decide_variants
from llamoco.modeling.evaluation.scoring import score_evaluation
from llamoco.modeling.evaluation.split_rows import evaluation_rows, split_size
from llamoco.modeling.generation.model_answer import Generation
from llamoco.modeling.providers.answer_file import AnswerFile
from llamoco.modeling.providers.provider import AnswerProvider, Failure, ModelProvider

STEPS = ("generate", "run", "repair", "robustness", "score")
SEED, RUNS = 0, 5
DEFAULTS = {"split": "test", "runs": RUNS, "seed": SEED}


@dataclass(frozen=True)
class Stage:
    """Progress of a step: its name, and how many of its answers or programs are done."""

    name: str
    done: int
    total: int


OnProgress = Callable[[Stage], None]


def evaluate_model(
    out: Path,
    source: AnswerProvider | None = None,
    split: str | None = None,
    runs: int | None = None,
    limit: int | None = None,
    data: str | None = None,
    seed: int | None = None,
    steps: Sequence[str] = STEPS,
    allow_unsafe: bool = False,
    workers: int | None = None,
    command: str = "",
    prices: Sequence[float] | None = None,
    on_progress: OnProgress = lambda stage: None,
) -> EvaluationRecord | None:
    """Do all or some steps of an evaluation.

    Args:
        out: its folder, made if missing; one that holds the same evaluation is continued.
        source: provider of answers; the steps generate, repair and robustness need it.
        split: "test" or "train"; None for the folder's, in a new one test.
        runs: runs of each program; None for the folder's, in a new one 5.
        limit: number of rows (see ``split_rows``); None for all, or without the step generate all that are answered.
        data: folder or Hub id of the data set; None for the folder's, in a new one the shipped set.
        seed: of the runs; None for the folder's, in a new one 0.
        steps: some of ``STEPS``; done in their order, whatever the order given.
        allow_unsafe: run programs even where they cannot be confined.
        workers: programs that run in parallel; None for one per processor.
        command: the command line, for the record.
        prices: of a server's tokens in and out, US dollars a million; None for the folder's, in a new one unknown.
        on_progress: called as answers and runs come in.

    Returns:
        The record that scores.json holds; None without the step score.

    Raises:
        EvaluationError: if ``out`` holds another evaluation, a file there cannot be read, or a step is missing.
        ModelError: if the source fails; what it answered is kept.
        SandboxUnavailable: where programs cannot be confined and ``allow_unsafe`` is not given.
    """
    if source is None and (needing := [s for s in ("generate", "repair", "robustness") if s in steps]):
        raise EvaluationError(f"the step {needing[0]} needs a model: name one, or do other steps")
    if source is not None and not source.can_repair and tuple(steps) == ("repair",):
        raise EvaluationError(f"{source.name} cannot repair programs: do other steps")
    if tuple(steps) == ("robustness",) and not _decides(source):
        raise EvaluationError("the step robustness needs a local model with the plain prompt")
    if data is None and (out / SETTINGS).exists():
        data = read_settings(out)["data"]
    asked: dict[str, Any] = {
        "split": split,
        "runs": runs,
        "seed": seed,
        "data": None,
        "data_hash": data_hash(data),
    }
    if source is not None:
        asked = {"model": source.name, "source": source.settings(), **asked}
    begins = source is not None and "generate" in steps
    with (
        lock_folder(out, asked, {**DEFAULTS, "data": data} if begins else None) as settings,
        ExitStack() as stack,
    ):
        settings.update({"data": data} | ({} if prices is None else {"prices": list(prices)}))
        write_json(out / SETTINGS, settings)
        work = _Work(out, settings, command, on_progress)
        if "run" in steps:
            # Opened first: a machine that cannot confine programs is known before the model has worked for hours.
            runner = stack.enter_context(
                Runner(settings["runs"], settings["seed"], allow_unsafe, workers=workers)
            )
        if "generate" in steps and source is not None:
            work.generate(source, limit)
        if "run" in steps:
            work.run(runner, limit)
        if "repair" in steps and source is not None and source.can_repair:
            work.repair(source, limit)
            if "run" in steps:
                work.run(runner, limit)
        if "robustness" in steps and isinstance(source, ModelProvider) and _decides(source):
            work.robustness(source, limit)
        if "score" not in steps:
            return None
        record = score_evaluation(read_results(out, limit))
        write_record(out, record)
        return record


@dataclass(frozen=True)
class _Work:
    """Steps that append lines to files."""

    folder: Path
    settings: dict[str, Any]
    command: str
    on_progress: OnProgress

    def generate(self, source: AnswerProvider, limit: int | None) -> None:
        """Have the model answer the rows that have no answer yet."""
        split, data = self.settings["split"], self.settings["data"]
        if isinstance(source, AnswerFile):
            answered = _answered_by(source, split, data)
            chosen = [row for row in evaluation_rows(split, data=data) if row["row"] in answered][:limit]
        else:
            chosen = evaluation_rows(split, limit, data)
        rows = {row["row"]: row for row in chosen}
        self.settings.update(limit=limit, rows=len(rows), split_rows=split_size(split, data))
        if isinstance(source, ModelProvider) and source.calibration is not None:
            self.settings["calibration"] = json.loads(source.calibration.to_json())
        write_json(self.folder / SETTINGS, self.settings)
        answers = read_answers(self.folder)
        missing = [number for number in rows if number not in answers]
        prompts = [rows[number]["prompt"] for number in missing]
        with self._saving("generate", GENERATIONS, rows, missing) as keep:
            if isinstance(source, ModelProvider) and source.both_ways:
                source.answer_both_ways(
                    prompts,
                    lambda position, raw, within: keep(
                        position, raw, within_pool=None if within is None else asdict(within)
                    ),
                )
            else:
                source.answer_all(prompts, keep)

    def repair(self, source: AnswerProvider, limit: int | None) -> None:
        """Show the model its failed programs, each with the error of its first failed run."""
        if isinstance(source, AnswerFile):
            _answered_by(source, self.settings["split"], self.settings["data"])
        answers = read_answers(self.folder)
        rows = answered_rows(self.folder, self.settings, answers, limit)
        done, problems = read_runs(self.folder, "model"), problems_of(rows)
        failures: dict[int, Failure] = {}
        for number, entry in rows.items():
            program = answers[number].completion
            lines = done.get(run_key("model", entry, program))
            if lines is None:
                raise EvaluationError(
                    f"{self.folder / runs_file('model')} lacks the runs of row {number}: run --step run first"
                )
            prediction = prediction_of("model", entry, program, problems)
            failed = failing([run_of_row(line, prediction) for line in lines])
            if failed is not None:
                failures[number] = Failure(entry["prompt"], program, error_text(failed))
        repairs = read_repairs(self.folder)
        missing = [number for number in failures if number not in repairs]
        with self._saving("repair", REPAIRS, failures, missing) as keep:
            source.repair_all([failures[number] for number in missing], keep)

    @contextmanager
    def _saving(
        self, step: str, name: str, wanted: Mapping[int, Any], missing: Sequence[int]
    ) -> Iterator[Callable[..., None]]:
        """Give the function that a source calls with each answer and its position among the missing rows; more fields can be added."""
        done = len(wanted) - len(missing)

        def keep(position: int, generation: Generation, **more: Any) -> None:
            nonlocal done
            append({"row": missing[position], "generation": asdict(generation), **more})
            done += 1
            self.on_progress(Stage(step, done, len(wanted)))

        if wanted:
            self.on_progress(Stage(step, done, len(wanted)))
        with append_jsonl(self.folder / name) as append, self._timed(step, len(missing)):
            yield keep

    def run(self, runner: Runner, limit: int | None) -> None:
        """Run every program that was not run yet; a pair of program and problem that rows or contestants share is run once."""
        answers = read_answers(self.folder)
        rows = answered_rows(self.folder, self.settings, answers, limit)
        problems = problems_of(rows)
        done = {name: read_runs(self.folder, name) for name in RUN_FILES}
        known: dict[Key, list[Line]] = {key: lines for each in done.values() for key, lines in each.items()}
        lacking: dict[Key, list[str]] = {}  # the files that want a pair
        predictions: dict[Key, Prediction] = {}
        of_contestants = contestants_programs(
            rows,
            answers,
            read_within_pool(self.folder),
            read_repairs(self.folder),
            single_best_solvers(self.settings["data"]),
        )
        for number, entry in rows.items():
            for name, programs in of_contestants.items():
                if number not in programs:
                    continue
                key = run_key(name, entry, programs[number])
                predictions[key] = prediction_of(name, entry, programs[number], problems)
                if key not in done[name] and name not in lacking.setdefault(key, []):
                    lacking[key].append(name)
        with ExitStack() as stack:
            append = {
                name: stack.enter_context(append_jsonl(self.folder / runs_file(name)))
                for name in of_contestants
            }

            def keep(key: Key, lines: list[Line]) -> None:
                for name in lacking[key]:
                    append[name]({"problem_id": key[0], "program": key[1], "runs": lines})

            for key in [key for key in lacking if key in known]:
                keep(key, known[key])
            missing = [key for key in predictions if key not in known]
            finished = len(predictions) - len(missing)
            self.on_progress(Stage("run", finished, len(predictions)))
            stack.enter_context(self._timed("run", len(missing)))
            for position, runs in runner.run_all([predictions[key] for key in missing]):
                keep(missing[position], [_line(number, run) for number, run in enumerate(runs)])
                finished += 1
                self.on_progress(Stage("run", finished, len(predictions)))

    def robustness(self, source: ModelProvider, limit: int | None) -> None:
        """Have the model decide on other descriptions of the problems that have no decision yet."""
        rows = answered_rows(self.folder, self.settings, read_answers(self.folder), limit)
        problems = problems_of(rows)
        done = {line["problem_id"] for line in read_decisions(self.folder)}
        missing = [problem for name, problem in problems.items() if name not in done]
        finished = len(problems) - len(missing)
        self.on_progress(Stage("robustness", finished, len(problems)))
        with append_jsonl(self.folder / ROBUSTNESS) as append, self._timed("robustness", len(missing)):
            for lines in decide_variants(missing, source.decide_all):
                for line in lines:
                    append(line)
                finished += len(lines)
                self.on_progress(Stage("robustness", finished, len(problems)))

    @contextmanager
    def _timed(self, step: str, work: int) -> Iterator[None]:
        """Log the duration of a step that had any work, also if it ends early."""
        begun = time.monotonic()
        try:
            yield
        finally:
            if work:
                here = environment()
                here["versions"] |= _versions("torch", "transformers")
                seconds = round(time.monotonic() - begun, 3)
                with append_jsonl(self.folder / STEPS_LOG) as append:
                    # A command line may hold file names that are not valid text.
                    append({"step": step, "seconds": seconds, "command": clean_text(self.command), **here})


def _versions(*packages: str) -> dict[str, str]:
    """Versions of packages, of those that are installed: answers from a server or a file need no torch."""
    found = {}
    for name in packages:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _decides(source: AnswerProvider | None) -> bool:
    """True if a source's answers begin with a decision line."""
    return isinstance(source, ModelProvider) and source.decides


def _answered_by(source: AnswerFile, split: str, data: str | None) -> set[int]:
    """Numbers of the rows of a split that a file answers; only then can the file be asked for answers and repairs."""
    return set(source.rows_answered(sorted(evaluation_rows(split, data=data), key=lambda row: row["row"])))


def _line(number: int, run: Run) -> Line:
    line = row(0, number, run)
    del line["prediction"], line["repair"]  # follow from the other files
    return line
