"""Result view of a job as HTML, for the page of metrics/llamoco/app.py.

Nearly every text in it comes from strangers or from what they wrote: all of it goes through ``_text``.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from llamoco.modeling.demo.plot import convergence
from llamoco.modeling.demo.request import Job

MAX_SHOWN = 12
_UNSENDABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
WRITERS = {"model": "the shipped model", "single best solver": "the single best solver", "own": "you"}

_EMPTY = """\
<div class="lm-view"><div class="lm-banner"><span>Results appear here.</span></div>
<h4>What you will see</h4>
<table>
<tr><td>problem</td><td>as it was understood: variables, bounds, budget, constraints</td></tr>
<tr><td>program</td><td>a complete script: your problem, the optimizer, its settings</td></tr>
<tr><td>verdict</td><td>ok; budget_exceeded; timeout, memory, syntax_error, import_error, runtime_error, invalid_result;
security_violation</td></tr>
<tr><td>f, feasible</td><td>objective and constraints at the point returned, evaluated anew on our side</td></tr>
<tr><td>w</td><td>1 - (f - f*) / (f0 - f*): 0 nothing gained, 1 the best known; Perf is its mean</td></tr>
<tr><td>AOCC</td><td>how soon and how closely: the mean over the budget of the gap's order of magnitude, from 0 to 1</td></tr>
</table>
<p class="lm-note">w and AOCC need f0 and f*, which problems of the data set have; f alone is shown for yours.</p></div>
"""


class ResultView:
    """Results of a job so far, from the worker's messages.

    Attributes:
        program: the complete script, "" until there is one.
        over: whether the worker has said its last word.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._problem: dict[str, Any] | None = None
        self._answer: dict[str, Any] | None = None
        self._runs: list[dict[str, Any]] = []
        self._progress: dict[str, Any] | None = None
        self._error: str | None = None
        self.over = False

    @property
    def program(self) -> str:
        """See above."""
        return "" if self._answer is None else _storable(str(self._answer["program"]))

    def receive(self, said: Mapping[str, Any]) -> None:
        """Take in one line of a worker (see ``space.job``)."""
        if "problem" in said:
            self._problem = dict(said["problem"])
        elif "answer" in said:
            self._answer = dict(said["answer"])
        elif "progress" in said:
            if "evals" in said["progress"]:  # else nothing new
                self._progress = dict(said["progress"])
        elif "run" in said:
            self._runs.append(dict(said["run"]))
        elif "error" in said:
            self._error, self.over = str(said["error"]), True
        elif "done" in said:
            self.over = True

    def as_html(self) -> str:
        """The results column."""
        parts = [self._headline()]
        if self._runs and self._problem is not None:
            parts.append(_tiles(self._runs, self._problem))
            traces = [run["trace"] for run in self._runs]
            if any(traces):
                parts.append(convergence(traces, [run["evals"] for run in self._runs], self._problem))
            parts.append(_runs_table(self._runs) if len(self._runs) > 1 else "")
            parts.append(_failure(self._runs))
            if self._job.writer == "model" and any(run["verdict"] != "ok" for run in self._runs):
                parts.append(
                    '<p class="lm-note">The single best solver of the benchmark can answer instead.</p>'
                )
            best = _best(self._runs)
            if best is not None and best["x"] is not None:
                parts.append(f"<h4>Best point</h4><pre>x = {_text(_numbers(best['x'], 100))}</pre>")
        if self._problem is not None:
            parts.append(_facts(self._problem, self._answer, self._runs))
        return f'<div class="lm-view">{"".join(parts)}</div>'

    def _headline(self) -> str:
        if self._error is not None:
            return _banner("bad", "error", self._error)
        total = self._job.runs
        if not self.over:
            if self._problem is None:
                return _banner("busy", "reading", "the problem is read")
            if self._answer is None:
                return _banner("busy", "writing", f"{WRITERS[self._job.writer]} writes the program")
            doing = f"run {min(len(self._runs) + 1, total)} of {total}"
            if self._progress is not None and self._progress["run"] == len(self._runs):
                best = self._progress["best"]
                so_far = "no feasible point yet" if best is None else f"best f = {best:.6g}"
                doing += f": {self._progress['evals']} of {self._problem['max_evals']} evaluations, {so_far}"
            return _banner("busy", "running", doing)
        worst = next((run for run in self._runs if run["verdict"] != "ok"), None)
        if worst is None:
            feasible = sum(run["feasible"] for run in self._runs)
            if feasible < len(self._runs):
                said = f"the program ended well, but {len(self._runs) - feasible} of {total} points violate constraints or bounds"
                return _banner("warn", "ok", said)
            said = "the program returned a feasible point" + (
                f" in each of {total} runs" if total > 1 else ""
            )
            return _banner("ok", "ok", said)
        several = sum(run["verdict"] == worst["verdict"] for run in self._runs)
        of = f" ({several} of {total} runs)" if total > 1 else ""
        kind = "warn" if worst["verdict"] == "budget_exceeded" else "bad"
        return _banner(kind, worst["verdict"] + of, worst["reason"])


def refused(message: str) -> str:
    """The results column where there is no job, and why."""
    return f'<div class="lm-view">{_banner("bad", "error", message)}</div>'


def empty() -> str:
    """The results column before anything was asked for."""
    return _EMPTY


def waiting() -> str:
    """The results column until it is a job's turn."""
    return f'<div class="lm-view">{_banner("busy", "waiting", "one job runs at a time, yours is next or after few")}</div>'


def _tiles(runs: Sequence[Mapping[str, Any]], problem: Mapping[str, Any]) -> str:
    values = [run["f"] for run in runs if run["f"] is not None]
    feasible = [run for run in runs if run["feasible"]]
    several = len(runs) > 1
    best = _best(runs)
    shown = "–" if best is None or best["f"] is None else f"{best['f']:.6g}"
    tiles = [("best f" if several else "f at the point returned", shown, _spread(values) if several else "")]
    tiles.append(
        ("feasible", f"{len(feasible)} of {len(runs)}" if several else ("yes" if feasible else "no"), "")
    )
    evals = [run["evals"] for run in runs]
    tiles.append(
        (
            "evaluations",
            f"{np.mean(evals):,.0f}",
            f"of {problem['max_evals']:,}" + (", mean" if several else ""),
        )
    )
    if problem["f0"] is not None and problem["f_star"] is not None:
        for name, title in (("w", "w (Perf)"), ("aocc", "AOCC")):
            scores = [run[name] for run in runs if run[name] is not None]
            tiles.append(
                (title, f"{np.mean(scores):.3f}" if scores else "–", _spread(scores) if several else "of 1")
            )
    cells = (
        f'<div class="lm-tile"><span>{_text(name)}</span><strong>{_text(value)}</strong><em>{_text(note)}</em></div>'
        for name, value, note in tiles
    )
    return f'<div class="lm-tiles">{"".join(cells)}</div>'


def _runs_table(runs: Sequence[Mapping[str, Any]]) -> str:
    scored = any(run["w"] is not None for run in runs)
    head = ["run, seed", "verdict", "f", "feasible", "evaluations", *(("w", "AOCC") if scored else ())]
    rows = []
    for number, run in enumerate(runs, 1):
        f = "–" if run["f"] is None else f"{run['f']:.8g}"
        cells = [
            f"{number}, {run['seed']}",
            run["verdict"],
            f,
            "yes" if run["feasible"] else "no",
            f"{run['evals']:,}",
        ]
        # None for a run that our side failed.
        scores = ["–" if run[name] is None else f"{run[name]:.3f}" for name in ("w", "aocc")]
        rows.append(cells + (scores if scored else []))
    return "<h4>Runs</h4>" + _table(rows, head)


def _failure(runs: Sequence[Mapping[str, Any]]) -> str:
    """Place of the first failure, and the output of that run."""
    run = next((run for run in runs if run["verdict"] != "ok"), None)
    if run is None:
        return ""
    lines = [f"{run['exception']}: {run['message']}" if run["exception"] else run["reason"]]
    if run["verdict"] != "syntax_error":
        lines += [f"  {frame}" for frame in run["frames"]]
    if run["output"].strip():
        lines += ["it printed:", *(f"  {line}" for line in run["output"].strip().splitlines()[:MAX_SHOWN])]
    return f"<h4>What went wrong</h4><pre>{_text(chr(10).join(lines))}</pre>"


def _facts(
    problem: Mapping[str, Any], answer: Mapping[str, Any] | None, runs: Sequence[Mapping[str, Any]]
) -> str:
    sides = zip(problem["lower"], problem["upper"], strict=True)
    bounds = [f"[{low:.6g}, {high:.6g}]" for low, high in sides]
    same = len(set(bounds)) == 1
    more = f", ... ({len(bounds)} in all)" if len(bounds) > MAX_SHOWN and not same else ""
    language = {"json": "JSON of the data set", "latex": "LaTeX", "python": "Python"}[problem["language"]]
    rows = [
        ("variables", str(problem["dim"])),
        ("bounds", f"{bounds[0]} each" if same and len(bounds) > 1 else ", ".join(bounds[:MAX_SHOWN]) + more),
        ("budget", f"{problem['max_evals']:,} evaluations"),
        ("constraints", f"{problem['n_inequality']} inequalities, {problem['n_equality']} equalities"),
        ("read as", language),
    ]
    if problem["f0"] is not None and problem["f_star"] is not None:
        rows.append(
            (
                "references",
                f"f0 = {problem['f0']:.6g} (nothing gained), f* = {problem['f_star']:.6g} (best known)",
            )
        )
    shown = "<h4>The problem, as understood</h4>" + _table(rows)
    if answer is None:
        return shown
    about = []
    if answer["optimizer"]:
        config = ", ".join(f"{name} = {value}" for name, value in (answer["config"] or {}).items())
        about.append(("optimizer", answer["optimizer"] + (f" ({config})" if config else "")))
    if answer["fallback"] is not None:
        about.append(
            ("note", f"the single best solver answers: the model answered, but {answer['fallback']}")
        )
    if answer["confidence"] is not None:
        meaning = (
            "how often such a choice was the benchmark's winner"
            if answer["calibrated"]
            else "the probability that the model gave to this choice"
        )
        about.append(("confidence", f"{answer['confidence']:.0%}: {meaning}"))
    pool = (
        "byte for byte a program of the benchmarked pool"
        if answer["known"]
        else "not one of the benchmarked pool"
    )
    about.append(("code", pool))
    if not answer["serves"]:
        about.append(("note", "this optimizer does not handle the problem's constraints"))
    if answer["warning"]:
        about.append(("note", answer["warning"]))
    if runs and runs[0]["faithful"] is not None:
        faithful = (
            "yes, it is the problem given"
            if runs[0]["faithful"]
            else "no: it states another problem than the one given"
        )
        about.append(("faithful", faithful))
    if runs:
        seconds = np.mean([run["wall"] for run in runs])
        about.append(
            ("ran", f"confined (tier {runs[0]['tier']}), {seconds:.2f} s{' a run' if len(runs) > 1 else ''}")
        )
    return f"{shown}<h4>The program</h4>{_table(about)}"


def _best(runs: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The run whose returned point is best: feasible first, then the lower objective."""

    def rank(run: Mapping[str, Any]) -> tuple[bool, float]:
        return not run["feasible"], math.inf if run["f"] is None else run["f"]

    return min(runs, key=rank, default=None)


def _spread(values: Sequence[float]) -> str:
    return f"mean {np.mean(values):.4g} ± {np.std(values):.2g}" if values else ""


def _numbers(values: Sequence[float], limit: int) -> str:
    return "[" + ", ".join(f"{value:.8g}" for value in values[:limit]) + "]"


def _table(rows: Iterable[Sequence[str]], head: Sequence[str] = ()) -> str:
    top = f"<tr>{''.join(f'<th>{_text(cell)}</th>' for cell in head)}</tr>" if head else ""
    body = "".join(f"<tr>{''.join(f'<td>{_text(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table>{top}{body}</table>"


def _banner(kind: str, title: str, said: str) -> str:
    return f'<div class="lm-banner lm-{kind}" role="status"><b>{_text(title)}</b><span>{_text(said)}</span></div>'


def _text(text: str) -> str:
    """Text for HTML; the marks of the page's templates are taken from it, too."""
    escaped = html.escape(_storable(text))
    for mark in "${}":
        escaped = escaped.replace(mark, f"&#{ord(mark)};")
    return escaped


def _storable(text: str) -> str:
    """Text that can be sent: half a character and control characters, as programs may print, become escapes."""
    return _UNSENDABLE.sub(lambda found: ascii(found[0])[1:-1], text)
