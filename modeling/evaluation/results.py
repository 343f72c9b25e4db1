"""Results of an evaluation, read from its folder: answers, repairs, and runs of all contestants, row by row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from llamoco.dataset_builder.instruction_data import data_hash, single_best_solvers
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.dataset_builder.prompts.program_text import clean_text
from llamoco.metrics.inputs import MAX_TOKENS
from llamoco.metrics.run_records import (
    checked,
    checked_run,
    is_any_text,
    is_text,
    is_truth,
    or_none,
    real_number,
    run_of_row,
    texts_by_name,
    whole_number,
)
from llamoco.metrics.runner import Prediction
from llamoco.metrics.sandbox.record import Record
from llamoco.metrics.scores import Attempt, Run
from llamoco.modeling.evaluation.evaluation_folder import (
    GENERATIONS,
    REPAIRS,
    ROBUSTNESS,
    STEPS_LOG,
    EvaluationError,
    Key,
    Line,
    key_of,
    read_lines,
    read_settings,
    runs_file,
)
from llamoco.modeling.evaluation.split_rows import (
    Row,
    evaluation_rows,
    single_best_program,
)
from llamoco.modeling.generation.model_answer import Generation
from llamoco.modeling.providers.answer_file import MAX_ROW

CONTESTANTS = (
    "model",
    "within_pool",
    "sbs",
    "vbs",
)
RUN_FILES = (*CONTESTANTS, "repair")
LONG_FIELDS = ("trace", "x", "best_x")  # kept in the runs only

_ROW = (whole_number(0, MAX_ROW), "a whole number from 0")
_GENERATION_FIELDS = {
    "completion": (is_any_text, "a text"),
    "confidence": (or_none(real_number(0, 1)), "a number from 0 to 1, or null"),
    "tokens": (whole_number(0, MAX_TOKENS), f"a whole number from 0 to {MAX_TOKENS}"),
    "finished": (is_truth, "true or false"),
}
_TOKENS_OUT = {"tokens_out": (or_none(whole_number(0, MAX_TOKENS)), "a whole number, or null")}
_RUNS_FIELDS = {
    "problem_id": (is_text, "a text"),
    "program": (is_text, "a text"),
    "runs": (lambda value: isinstance(value, list) and len(value) > 0, "a list of runs"),
}
_STEP_FIELDS = {
    "step": (is_text, "a text"),
    "seconds": (real_number(0, 1e12), "seconds"),
    "command": (is_text, "a text"),
    "date": (is_text, "a text"),
    "machine": (is_text, "a text"),
    "versions": (texts_by_name, "an object of texts"),
}
_DECISION_FIELDS = {
    "problem_id": (is_text, "a text"),
    "decisions": (
        lambda value: isinstance(value, dict) and all(map(or_none(is_text), value.values())),
        "an object of optimizers' names",
    ),
}


@dataclass(frozen=True)
class Results:
    """Finished evaluation. Lists have one entry per row.

    Attributes:
        settings: what was evaluated.
        rows: see ``split_rows``.
        answers: the model's raw answers.
        within_pool: its answers within the pool; None if it was not restricted to the pool.
        repairs: its second answers, by row["row"].
        single_best_solvers: optimizer by group.
        runs: of each contestant; those of the model with their repairs.
        records: of the same runs, as ``metrics.run_records.row`` makes them, "prediction" being row["row"]; without points and
            traces, which are long.
        decisions: on other descriptions, one line a problem (see ``robustness.decide_variants``).
        steps: the lines of steps.jsonl.
    """

    settings: dict[str, Any]
    rows: list[Row]
    answers: list[Generation]
    within_pool: list[Generation] | None
    repairs: dict[int, Generation]
    single_best_solvers: dict[str, str]
    runs: dict[str, list[list[Run]]]
    records: dict[str, list[Line]]
    decisions: list[Line]
    steps: list[Line]


def read_results(folder: Path, limit: int | None = None) -> Results:
    """Read everything that the scores are computed from.

    Args:
        folder: of an evaluation whose answers were run.
        limit: number of rows; None for all that are answered.

    Raises:
        EvaluationError: if a file cannot be read or a step is not finished; the message names it.
    """
    settings = read_settings(folder)
    answers = read_answers(folder)
    rows = answered_rows(folder, settings, answers, limit)
    answers = {number: answers[number] for number in rows}
    repairs = {number: repair for number, repair in read_repairs(folder).items() if number in rows}
    within_pool = read_within_pool(folder)
    solvers = single_best_solvers(settings["data"])
    programs = contestants_programs(rows, answers, within_pool, repairs, solvers)
    problems = problems_of(rows)
    runs: dict[str, dict[int, list[Run]]] = {}
    lines: dict[str, dict[int, list[Line]]] = {}
    for name in programs:
        done = read_runs(folder, name)
        keys = {number: run_key(name, rows[number], program) for number, program in programs[name].items()}
        if missing := sum(key not in done for key in keys.values()):
            raise EvaluationError(
                f"{folder / runs_file(name)} lacks the runs of {missing} of {len(keys)} rows: run --step run first"
            )
        lines[name] = {number: done[key] for number, key in keys.items()}
        made: dict[Key, list[Run]] = {}  # shared by the rows of a problem
        for number, key in keys.items():
            if key not in made:
                prediction = prediction_of(name, rows[number], programs[name][number], problems)
                made[key] = [run_of_row(line, prediction) for line in done[key]]
        runs[name] = {number: made[key] for number, key in keys.items()}
        for several in done.values():
            for line in several:
                for field in LONG_FIELDS:
                    line.pop(field, None)
    model = {
        number: with_repair(several, runs["repair"].get(number)) for number, several in runs["model"].items()
    }
    of_contestants = {name: model if name == "model" else runs[name] for name in CONTESTANTS if name in runs}
    return Results(
        settings=settings,
        rows=list(rows.values()),
        answers=[answers[number] for number in rows],
        within_pool=[within_pool[number] for number in rows] if "within_pool" in programs else None,
        repairs=repairs,
        single_best_solvers=solvers,
        runs={name: [each[number] for number in rows] for name, each in of_contestants.items()},
        records={
            name: [
                {**line, "prediction": number, "repair": lines["repair"][number][j] if run.repair else None}
                for number in rows
                for j, (run, line) in enumerate(zip(each[number], lines[name][number], strict=True))
            ]
            for name, each in of_contestants.items()
        },
        decisions=[line for line in read_decisions(folder) if line["problem_id"] in problems],
        steps=read_lines(folder / STEPS_LOG, _step),
    )


def answered_rows(
    folder: Path, settings: Mapping[str, Any], answers: Mapping[int, Generation], limit: int | None
) -> dict[int, Row]:
    """The rows of an evaluation by number, if all of them are answered.

    Raises:
        EvaluationError: if answers are missing, or the data set is another one.
    """
    data, split = settings["data"], settings["split"]
    if settings["data_hash"] != (found_hash := data_hash(data)):
        raise EvaluationError(
            f"{folder} evaluates another data set ({settings['data_hash']}) than {data or 'the one that ships now'} "
            f"({found_hash}): name the same one with --data, or give another --out"
        )
    asked = settings.get("rows", 0)
    if not asked or len(answers) < asked:
        found = f"has {len(answers)} of {asked} answers" if asked else "has no answers"
        raise EvaluationError(f"{folder / GENERATIONS} {found}: run --step generate first")
    if limit is not None and settings["limit"] is not None and limit > settings["limit"]:
        raise EvaluationError(
            f"{folder} has answers to {asked} rows: for {limit}, run --step generate --limit {limit} first"
        )
    count = asked if limit is None else min(limit, asked)
    rows = evaluation_rows(split, count, data)
    if any(row["row"] not in answers for row in rows):  # a file that answers some rows only
        rows = [row for row in evaluation_rows(split, data=data) if row["row"] in answers][:count]
    if len(rows) < count:
        raise EvaluationError(
            f"{folder / GENERATIONS} answers rows that the {split} split does not have: give another --out"
        )
    return {row["row"]: row for row in rows}


def problems_of(rows: Mapping[int, Row]) -> dict[str, Problem]:
    """The problems of rows, by id."""
    texts = {row["problem_id"]: row["problem"] for row in rows.values()}
    return {name: Problem.from_json(text) for name, text in texts.items()}


def after_probes(name: str, row: Row) -> bool:
    """Whether a contestant's runs begin with probes: the model's do where the prompt states probes, since its choice rests on them."""
    return name in ("model", "within_pool", "repair") and not row.get("facts_known", True)


def run_key(name: str, row: Row, program: str) -> Key:
    """Identity of a contestant's runs on a row's problem."""
    return key_of(row["problem_id"], program, after_probes(name, row))


def prediction_of(name: str, row: Row, program: str, problems: Mapping[str, Problem]) -> Prediction:
    """A contestant's program with the problem to run it on."""
    problem = problems[row["problem_id"]]
    return Prediction(program, replace(problem, probes_first=after_probes(name, row)))


def contestants_programs(
    rows: Mapping[int, Row],
    answers: Mapping[int, Generation],
    within_pool: Mapping[int, Generation],
    repairs: Mapping[int, Generation],
    solvers: Mapping[str, str],
) -> dict[str, dict[int, str]]:
    """The programs of "model", "within_pool" (if every row has such an answer), "sbs", "vbs" and "repair", by row number."""
    of_problem = {name: single_best_program(solvers, p) for name, p in problems_of(rows).items()}
    programs = {"model": {number: answers[number].completion for number in rows}}
    if rows.keys() <= within_pool.keys():
        programs["within_pool"] = {number: within_pool[number].completion for number in rows}
    return programs | {
        "sbs": {number: of_problem[row["problem_id"]] for number, row in rows.items()},
        "vbs": {number: row["completion"] for number, row in rows.items()},
        "repair": {number: repairs[number].completion for number in rows if number in repairs},
    }


def with_repair(runs: list[Run], repaired: list[Run] | None) -> list[Run]:
    """Runs, the failed ones paired with the runs of the repaired program with the same seeds."""
    if repaired is None:
        return runs
    return [
        Run(first.problem, first.attempt, again.attempt if first.attempt.failed else None)
        for first, again in zip(runs, repaired, strict=True)
    ]


def failing(runs: list[Run]) -> Attempt | None:
    """The first run that counts in Err; None without."""
    return next((run.attempt for run in runs if run.attempt.counted and run.attempt.failed), None)


def error_text(attempt: Attempt) -> str:
    """The message that a model gets about a failed run of its program."""
    record: Record = attempt.record
    if not record.failed:
        return "the problem that the program states is not the problem that was given"
    lines = [f"{record.verdict}: {record.reason}"]
    if record.exception is not None:
        lines += [f"{record.exception}: {record.message}" if record.message else record.exception]
    return "\n".join([*lines, *(f"  {frame}" for frame in record.frames)])


def read_answers(folder: Path) -> dict[int, Generation]:
    """The model's raw answers so far, by row number."""
    return dict(read_lines(folder / GENERATIONS, _generation))


def read_within_pool(folder: Path) -> dict[int, Generation]:
    """The model's answers within the pool so far, by row number; empty if it was not restricted to the pool."""
    return dict(entry for entry in read_lines(folder / GENERATIONS, _within_pool) if entry is not None)


def read_repairs(folder: Path) -> dict[int, Generation]:
    """The model's second answers so far, by row number."""
    return dict(read_lines(folder / REPAIRS, _generation))


def read_runs(folder: Path, name: str) -> dict[Key, list[Line]]:
    """Runs so far of "model", "within_pool", "sbs", "vbs" or "repair", by problem and program."""
    return dict(read_lines(folder / runs_file(name), _runs))


def read_decisions(folder: Path) -> list[Line]:
    """The model's decisions on other descriptions so far, one line per problem."""
    return read_lines(folder / ROBUSTNESS, _decisions)


def _decisions(line: Line) -> Line:
    entry = checked(line, _DECISION_FIELDS, tuple(_DECISION_FIELDS))
    return {name: entry[name] for name in _DECISION_FIELDS}


def _generation(line: Line) -> tuple[int, Generation]:
    entry = checked(line, {"row": _ROW}, ("row", "generation"))
    known = _GENERATION_FIELDS | _TOKENS_OUT
    generation = checked(entry["generation"], known, tuple(_GENERATION_FIELDS))
    generation["completion"] = clean_text(generation["completion"])
    return entry["row"], Generation(**{name: generation[name] for name in known if name in generation})


def _within_pool(line: Line) -> tuple[int, Generation] | None:
    if "within_pool" not in line:
        return None
    return int(line["row"]), Generation(**(line["within_pool"] or line["generation"]))


def _runs(line: Line) -> tuple[Key, list[Line]]:
    entry = checked(line, _RUNS_FIELDS, tuple(_RUNS_FIELDS))
    return (entry["problem_id"], entry["program"]), [checked_run(run) for run in entry["runs"]]


def _step(line: Line) -> Line:
    entry = checked(line, _STEP_FIELDS, tuple(_STEP_FIELDS))
    return {name: entry[name] for name in _STEP_FIELDS}
