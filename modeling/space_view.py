"""What the page of metrics/llamoco/app.py shows of a job: HTML and an SVG plot, readable in light and dark.

Nearly every text in it comes from strangers or from what they wrote: all of it goes through ``_text``.
"""

from __future__ import annotations

import html
import io
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib import ticker
from matplotlib.figure import Figure

from llamoco.modeling.space_worker import Job

MAX_SHOWN = 12
INK = "#010203"  # stands for the page's own text colour, whichever it is
LINE, POINT = "#2f81f7", "#e16f24"
LARGEST = 1e150  # more cannot be drawn
_STYLE = re.compile(r"<style.*?</style>", re.DOTALL)
WRITERS = {"model": "the shipped model", "single best solver": "the single best solver", "own": "you"}

CSS = """
.lm-banner { display: flex; gap: .8em; align-items: baseline; padding: .75em 1em .75em 1.2em; border-radius: 8px;
  border: 1px solid var(--border-color-primary); background: var(--block-background-fill); }
.lm-banner b { white-space: nowrap; }
.lm-ok { box-shadow: inset 5px 0 0 #2da44e; } .lm-bad { box-shadow: inset 5px 0 0 #d1242f; }
.lm-warn { box-shadow: inset 5px 0 0 #bf8700; } .lm-busy { box-shadow: inset 5px 0 0 #2f81f7; }
.lm-tiles { display: flex; flex-wrap: wrap; gap: .6em; margin: .8em 0; }
.lm-tile { flex: 1 1 auto; min-width: 6.2em; padding: .55em .8em; border-radius: 8px;
  border: 1px solid var(--border-color-primary); background: var(--block-background-fill); }
.lm-tile span { display: block; font-size: .8em; color: color-mix(in srgb, var(--body-text-color) 65%, transparent); }
.lm-tile strong { display: block; font-size: 1.25em; line-height: 1.4; font-variant-numeric: tabular-nums; }
.lm-tile em { display: block; font-style: normal; font-size: .75em; color: color-mix(in srgb, var(--body-text-color) 65%, transparent); }
.lm-view svg { width: 100%; height: auto; color: var(--body-text-color); display: block; }
.lm-view h4 { margin: 1em 0 .3em; font-size: .95em; }
.lm-view table { width: 100%; border-collapse: collapse; font-size: .88em; font-variant-numeric: tabular-nums; }
.lm-view table, .lm-view tr { border: none !important; }
.lm-view td, .lm-view th { padding: .28em .8em .28em 0 !important; text-align: left; vertical-align: top;
  border: none !important; border-bottom: 1px solid var(--border-color-primary) !important; }
.lm-view th { font-weight: 600; white-space: nowrap; }
.lm-view td:first-child { white-space: nowrap; width: 1%; color: color-mix(in srgb, var(--body-text-color) 65%, transparent); }
.lm-view pre { font-size: .8em; white-space: pre-wrap; overflow-wrap: anywhere; margin: .5em 0; padding: .7em 1em;
  border-radius: 8px; background: var(--block-background-fill); border: 1px solid var(--border-color-primary); }
.lm-note { color: color-mix(in srgb, var(--body-text-color) 65%, transparent); font-size: .85em; }
.lm-view, .lm-banner span { overflow-wrap: anywhere; }
"""

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
<tr><td>A3</td><td>how soon and how closely: the mean over the budget of the gap's order of magnitude, from 0 to 1</td></tr>
</table>
<p class="lm-note">w and A3 need f0 and f*, which problems of the data set have; f alone is shown for yours.</p></div>
"""


class Shown:
    """What is known of a job so far; grows by what the worker says.

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
        return "" if self._answer is None else str(self._answer["program"])

    def hear(self, said: Mapping[str, Any]) -> None:
        """Take in one line of a worker (see ``space_job``)."""
        if "problem" in said:
            self._problem = dict(said["problem"])
        elif "answer" in said:
            self._answer = dict(said["answer"])
        elif "progress" in said:
            self._progress = dict(said["progress"])
        elif "run" in said:
            self._runs.append(dict(said["run"]))
        elif "error" in said:
            self._error, self.over = str(said["error"]), True
        elif "done" in said:
            self.over = True

    def as_html(self) -> str:
        """The results column."""
        parts = [self._banner()]
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

    def _banner(self) -> str:
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


def empty() -> str:
    """The results column before anything was asked for."""
    return _EMPTY


def problem_as_html(message: str) -> str:
    """The results column for a request that was not taken."""
    return f'<div class="lm-view">{_banner("bad", "error", message)}</div>'


def convergence(
    traces: Sequence[Sequence[Sequence[float]]], used: Sequence[int], problem: Mapping[str, Any]
) -> str:
    """The best feasible objective over the evaluations as an SVG element: each run thin, their median bold.

    Args:
        traces: for each run, its improvements as (evaluations used, best feasible objective).
        used: evaluations of each run.
        problem: with max_evals, and f_star where it is known.
    """
    budget = problem["max_evals"]
    figure = Figure(figsize=(7, 3.1), layout="constrained")
    axes = figure.add_subplot()
    grid = np.unique(np.geomspace(1, budget, 400).astype(int)) if budget > 1 else np.array([1])
    curves = []
    for trace, evals in zip(traces, used, strict=True):
        if not trace:
            continue
        at, f = np.array(trace, dtype=float).T
        f = np.clip(f, -LARGEST, LARGEST)
        axes.step([*at, max(evals, at[-1])], [*f, f[-1]], where="post", color=LINE, linewidth=1, alpha=0.45)
        position = np.searchsorted(at, grid, side="right") - 1
        curves.append(np.where((position >= 0) & (grid <= max(evals, at[-1])), f[position], np.nan))
    if len(curves) == 1:
        axes.lines[0].set(alpha=1, linewidth=2)
        last = next(trace for trace in traces if trace)[-1]
        axes.plot(last[0], np.clip(last[1], -LARGEST, LARGEST), "o", color=POINT, markersize=6)
    else:
        rows = np.array(curves)
        full = np.isfinite(rows).all(axis=0)  # a median of some runs only would jump
        axes.step(
            grid[full],
            np.median(rows[:, full], axis=0),
            where="post",
            color=LINE,
            linewidth=2.2,
            label="median",
        )
        axes.legend(frameon=False, labelcolor=INK, loc="upper right")
    _scale(axes, [np.clip(f, -LARGEST, LARGEST) for trace in traces for _, f in trace], problem.get("f_star"))
    axes.set_xlim(0, budget * 1.01)
    axes.set_xlabel(f"evaluations (budget {budget:,})", color=INK)
    axes.set_ylabel("best feasible f", color=INK)
    axes.tick_params(which="both", colors=INK, labelsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(INK)
    axes.grid(color=INK, alpha=0.12)
    written = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    with matplotlib.rc_context({"svg.fonttype": "path", "svg.hashsalt": "llamoco"}):
        figure.savefig(written, format="svg", transparent=True, metadata=nothing)
    svg = written.getvalue()
    svg = svg[svg.index("<svg ") :].replace(INK, "currentColor")
    svg = _STYLE.sub("", svg)  # a rule for all elements of the page
    label = "Convergence: best feasible objective over evaluations"
    return svg.replace("<svg ", f'<svg role="img" aria-label="{label}" stroke-linejoin="round" ', 1)


def _scale(axes: Any, values: Sequence[float], f_star: float | None) -> None:
    """A logarithmic axis where a linear one would show nothing; f* as a line where it is known and near."""
    low, high = min(values), max(values)
    if low > 0 and high / low > 30:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(
            ticker.LogFormatterSciNotation(labelOnlyBase=False, minor_thresholds=(2, 0.5))
        )
    elif high - np.percentile(values, 60) > 20 * (np.percentile(values, 60) - low) > 0:
        axes.set_yscale("symlog", linthresh=max(np.percentile(values, 60) - low, 1e-12))
    if f_star is not None and (axes.get_yscale() == "linear" or f_star > 0):
        axes.axhline(f_star, color=INK, linewidth=1, linestyle=(0, (4, 4)), alpha=0.6)
        axes.annotate(
            "f*",
            (1, f_star),
            (3, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            color=INK,
        )


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
        for name, title in (("w", "w (Perf)"), ("a3", "A3")):
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
    scored = runs[0]["w"] is not None
    head = ["run, seed", "verdict", "f", "feasible", "evaluations", *(("w", "A3") if scored else ())]
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
        rows.append(cells + ([f"{run['w']:.3f}", f"{run['a3']:.3f}"] if scored else []))
    return "<h4>Runs</h4>" + _table(rows, head)


def _failure(runs: Sequence[Mapping[str, Any]]) -> str:
    """Where the first failing run failed, and what it printed."""
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
    if answer["confidence"] is not None:
        about.append(
            ("confidence", f"{answer['confidence']:.0%}: the probability that the model gave to this choice")
        )
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
    order: Callable[[Mapping[str, Any]], tuple[bool, float]] = lambda run: (  # noqa: E731
        not run["feasible"],
        math.inf if run["f"] is None else run["f"],
    )
    return min(runs, key=order, default=None)


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
    escaped = html.escape(text)
    for mark in "${}":
        escaped = escaped.replace(mark, f"&#{ord(mark)};")
    return escaped
