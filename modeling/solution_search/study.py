"""Study of OPRO or LMEA on the problems of a split: `llamoco study solution-search`.

OUT/replies.jsonl holds every raw reply as it came, one a line after a head with the settings; everything else follows from it without a
model. A command that was stopped goes on with the requests that have no reply yet. OUT/runs.jsonl has one finished run a line, in the
form of the runs of other tools (``evaluation.baselines.FIELDS``) with what the run took, the best feasible value and the trace;
OUT/scores.json has the means.

The best feasible point that the oracle saw counts, as for other tools. Perf and AOCC are the metric's own; AOCC is over the problem's
budget, also where a cap ended the run earlier.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llamoco.dataset_builder.analysis.task_log import TASK_LOG_FORMAT, TaskLogError, read_task_log
from llamoco.dataset_builder.benchmark.provenance import environment
from llamoco.dataset_builder.problems.jsonl import append_jsonl, to_jsonable
from llamoco.dataset_builder.problems.portable_rng import named_seed
from llamoco.dataset_builder.problems.problem import Problem
from llamoco.metrics.statistics import ByProblem, interval
from llamoco.modeling.evaluation.baselines import problem_hash, run_of_oracle
from llamoco.modeling.folder_lock import locked
from llamoco.modeling.model_error import RefusedRequest
from llamoco.modeling.providers.replies import Sample
from llamoco.modeling.solution_search import lmea, opro
from llamoco.modeling.solution_search.lmea import Lmea
from llamoco.modeling.solution_search.opro import Opro
from llamoco.modeling.solution_search.search import REASKED, Method, Request, SolutionSearch

if TYPE_CHECKING:
    from llamoco.modeling.providers.server import ServerProvider

METHODS: Mapping[str, type[Opro] | type[Lmea]] = {"opro": Opro, "lmea": Lmea}
_WORDS = {
    "opro": opro.META_PROMPT + opro.PAIR + opro.CONSTRAINTS_NOTE,
    "lmea": lmea.INSTRUCTIONS + lmea.MEMBER + lmea.CONSTRAINTS_NOTE,
}
REPLIES, RUNS, SCORES = "replies.jsonl", "runs.jsonl", "scores.json"
MAX_REQUESTS = 200
SEED = 0

Sampler = Callable[[str, float, int], Sample]  # text, temperature, seed


class _Missing(Exception):
    """A run needs a reply that is not recorded, and there is no model to ask."""


@dataclass(frozen=True)
class Study:
    """What is run.

    Attributes:
        method: name in ``METHODS``.
        runs: of each problem.
        max_evals: cap on a run's evaluations; None for the problem's own budget alone.
        max_requests: cap on a run's requests.
        seed: of the study.
    """

    method: str
    runs: int
    max_evals: int | None = None
    max_requests: int = MAX_REQUESTS
    seed: int = SEED

    def settings(self) -> dict[str, Any]:
        """On which the replies depend, besides the model. Runs and problems can be added later."""
        return {
            "method": self.method,
            "seed": self.seed,
            "max_evals": self.max_evals,
            "max_requests": self.max_requests,
            "asked_again": REASKED,
            "method_settings": METHODS[self.method].SETTINGS,
            "words": hashlib.sha256(_WORDS[self.method].encode()).hexdigest()[:16],
        }

    def keys(self, problems: Sequence[Problem]) -> dict[str, tuple[Problem, int]]:
        """Problem and number of each run by key; every problem once, then again."""
        return {
            f"{self.method} {problem.id} {problem_hash(problem)} {run}": (problem, run)
            for run in range(self.runs)
            for problem in problems
        }


def server_sampler(source: ServerProvider) -> Sampler:
    """Ask a server, each request in a conversation of its own."""

    def sampler(text: str, temperature: float, seed: int) -> Sample:
        return source.sample([{"role": "user", "content": text}], temperature, seed)

    return sampler


def run_study(
    out: Path,
    study: Study,
    problems: Sequence[Problem],
    sampler: Sampler | None,
    model: Mapping[str, Any],
    command: str,
    concurrency: int,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, Any]:
    """Do the runs that are not finished, and write the record.

    Args:
        out: folder, made if missing.
        study: what is run.
        problems: on which.
        sampler: asks the model; None to use recorded replies only.
        model: the model's settings (``ServerProvider.settings``); not used without a sampler.
        command: the command line, for the record.
        concurrency: runs at a time, each with one request at a time.
        on_progress: called with (runs done, runs).

    Returns:
        What scores.json holds.

    Raises:
        ModelError: the server fails; the replies that came are kept.
        TaskLogError: the folder holds a study with other settings, or another process works there.
    """
    out.mkdir(parents=True, exist_ok=True)
    busy = TaskLogError(f"another command is at work in {out}: wait for it, or give another --out")
    with locked(out, busy):
        head, recorded = _opened(out / REPLIES, study, sampler, model, command)
        runs = study.keys(problems)
        lock, stop, answered, rows = threading.Lock(), threading.Event(), threading.Event(), {}
        if any(not line.get("refused") for line in recorded.values()):
            answered.set()
        with append_jsonl(out / REPLIES) as append:

            def one(key: str) -> dict[str, Any] | None:
                problem, run = runs[key]

                def ask(number: int, request: Request) -> Sample:
                    name = f"{key} {number}"
                    asked = hashlib.sha256(f"{request.temperature}\0{request.text}".encode()).hexdigest()[:16]
                    if name in recorded:
                        return _recorded(out / REPLIES, name, recorded[name], asked)
                    if sampler is None or stop.is_set():
                        raise _Missing
                    try:
                        sample = sampler(
                            request.text, request.temperature, named_seed(study.seed, name) % 2**31
                        )
                        answered.set()
                    except RefusedRequest:
                        if not answered.is_set():  # it may refuse everything: another model's name, say
                            raise
                        sample = Sample("", 0, 0, 0.0, refused=True)
                    with lock:
                        append({"key": name, "asked": asked, **asdict(sample)})
                    return sample

                try:
                    return _row(study, problem, run, ask)
                except _Missing:
                    return None
                except BaseException:
                    stop.set()
                    raise

            on_progress(0, len(runs))
            with ThreadPoolExecutor(concurrency) as executor:
                try:
                    for done, (key, row) in enumerate(zip(runs, executor.map(one, runs), strict=True), 1):
                        if row is not None:
                            rows[key] = row
                        on_progress(done, len(runs))
                except BaseException:
                    stop.set()
                    raise
        return _written(out, head, rows, len(runs))


def _row(study: Study, problem: Problem, run: int, ask: Callable[[int, Request], Sample]) -> dict[str, Any]:
    """A run as a record."""
    seed = (
        named_seed("solution search", study.seed, problem.id, run) % 2**31
    )  # the same starts for all methods
    method: Method = METHODS[study.method](
        problem.dim, problem.lower_array, problem.upper_array, problem.constrained
    )
    cap = problem.max_evals if study.max_evals is None else study.max_evals
    search = SolutionSearch(problem, method, ask, seed, cap, study.max_requests)
    stopped_by = search.run()
    oracle, scored = search.oracle, run_of_oracle(search.oracle, seed)
    effort = asdict(search.effort)
    return {
        "problem_id": problem.id,
        "problem_hash": problem_hash(problem),
        "solver": study.method,
        "run": run,
        "seed": seed,
        "status": "ok",
        "evals": oracle.evals,
        "aocc": scored.aocc,
        "perf": scored.w,
        "seconds": round(effort["model_seconds"], 3),
        "stopped_by": stopped_by,
        "max_evals": problem.max_evals,
        "best_f": oracle.best_f if oracle.best_x is not None else None,
        "best_x": None if oracle.best_x is None else oracle.best_x.tolist(),
        "trace": [list(step) for step in oracle.trace],
        **{name: value for name, value in effort.items() if name != "model_seconds"},
    }


def _opened(
    path: Path, study: Study, sampler: Sampler | None, model: Mapping[str, Any], command: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Head and replies of a record; a new one is begun."""
    if not path.exists() or path.stat().st_size == 0 or b"\n" not in path.read_bytes()[: 1 << 20]:
        if sampler is None:
            raise TaskLogError(f"{path}: expected recorded replies, there are none. Name a server to ask")
        head = {
            "format": TASK_LOG_FORMAT,
            "command": command,
            "settings": {**study.settings(), "model": dict(model)},
            **environment(),
        }
        with append_jsonl(path) as append:
            append(head)
    head, recorded = read_task_log(path)
    wanted = {**study.settings(), "model": dict(model) if sampler is not None else head["settings"]["model"]}
    if differing := [name for name in wanted if head["settings"].get(name) != wanted[name]]:
        name = differing[0]
        raise TaskLogError(
            f"{path} holds replies with another {', '.join(differing)}: {name} {head['settings'].get(name)!r} "
            f"(asked: {wanted[name]!r}). Nothing was changed: give another --out"
        )
    return head, recorded


def _recorded(path: Path, name: str, line: Mapping[str, Any], asked: str) -> Sample:
    """A recorded reply, if it is one to the same request."""
    if line.get("asked") != asked:
        raise TaskLogError(
            f"{path}: the reply {name!r} was given to another request than this version makes. Use the version that recorded it, "
            "or another --out"
        )
    try:
        return Sample(line["text"], line["tokens_in"], line["tokens_out"], line["seconds"], line["refused"])
    except KeyError as error:
        raise TaskLogError(
            f"{path}: the reply {name!r} has no field {error}. Remove that line; it is asked again"
        ) from error


def _written(out: Path, head: Mapping[str, Any], rows: Mapping[str, Any], total: int) -> dict[str, Any]:
    """Write the finished runs and their means."""
    text = "".join(
        json.dumps({"key": key, **to_jsonable(row)}, allow_nan=False) + "\n" for key, row in rows.items()
    )
    (out / f"{RUNS}.new").write_text(text, encoding="utf-8")
    (out / f"{RUNS}.new").replace(out / RUNS)
    runs = list(rows.values())
    record: dict[str, Any] = {**head, "runs": len(runs), "missing_runs": total - len(runs)}
    record["problems"] = len({row["problem_id"] for row in runs})
    for name in ("aocc", "perf"):
        values = ByProblem.gather((row["problem_id"], row[name]) for row in runs)
        record[name], record[f"{name}_interval"] = values.mean, interval(values, (0.0, 1.0))
    for name in (
        "evals",
        "requests",
        "unparsable",
        "clipped",
        "duplicates",
        "tokens_in",
        "tokens_out",
        "seconds",
    ):
        record[f"{name}_a_run"] = sum(row[name] for row in runs) / len(runs) if runs else None
    record["stopped_by"] = dict(Counter(row["stopped_by"] for row in runs))
    record["no_feasible_point"] = sum(row["best_f"] is None for row in runs)
    (out / SCORES).write_text(
        json.dumps(to_jsonable(record), indent=1, allow_nan=False) + "\n", encoding="utf-8"
    )
    return record
