"""Page of the metric: paste a problem, let the shipped model write its optimizer, see it run and scored.

    python metrics/llamoco/app.py [--port 7860]        on this machine only; no account, no network

On a Hub Space it is the app_file. **Whose code runs where.** `llamoco solve` runs your problem's Python with your
rights, on your machine. Here anybody may paste a text (and other pages of the same browser can reach a page on
127.0.0.1), so nothing that is pasted runs with this server's rights, on a Space or not: a job has a confined process
of its own without this one's environment; in it LaTeX and JSON are read as data, Python problems run in one
sandbox and programs in another, without files, network or processes (``metrics.confined_problem``,
``modeling.demo.job``). Where the machine has no sandbox (tier C) Python problems, and programs that are not of the
benchmarked pool, are refused. One job at a time, the others wait in a queue; requests (``modeling.demo.gate``), texts,
budgets, time and memory are limited.
"""

import argparse
import os
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
# This folder's llamoco.py is the module for evaluate.load; it would be imported for the package.
sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != FOLDER]
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"

import gradio as gr  # noqa: E402
from starlette.middleware import Middleware  # noqa: E402

from llamoco.dataset_builder.problems.errors import ProblemError  # noqa: E402
from llamoco.modeling.demo import confinement, view  # noqa: E402
from llamoco.modeling.demo.gate import Gate  # noqa: E402
from llamoco.modeling.demo.request import MAX_RUNS, MAX_SEED, Job, Writer  # noqa: E402
from llamoco.modeling.demo.worker import WorkerError, Workers  # noqa: E402

EXAMPLES = {
    "Spring (LaTeX)": "spring.tex",
    "Vessel (Python)": "pressure_vessel.py.txt",
    "Enzyme (Python)": "enzyme_kinetics.py.txt",
    "Data set (JSON)": "composition.json",
}
WRITERS: dict[str, Writer] = {
    "The shipped model": "model",
    "The single best solver": "single best solver",
    "I do": "own",
}
# The visitor's own fonts: none is fetched.
FONT, MONOSPACE = ["system-ui", "sans-serif"], ["ui-monospace", "monospace"]
OWN_START = """\
import numpy as np


def optimize(objective, lower, upper, max_evals, seed, inequality=None, equality=None):
    \"\"\"Random search: draw points, keep the best feasible one.\"\"\"
    rng = np.random.default_rng(seed)
    x = rng.uniform(lower, upper, (max_evals, len(lower)))
    f = objective(x)
    if inequality is not None:
        f = np.where((inequality(x) <= 0).all(axis=1), f, np.inf)
    if equality is not None:
        f = np.where((abs(equality(x)) <= 1e-4).all(axis=1), f, np.inf)
    return x[np.argmin(f)]
"""
HEAD = """\
# LLaMoCo
State an optimization problem; a small model writes the optimizer program for it; the program runs confined and is scored.
"""
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
#results, #results .html-container { padding: 0; }
.gradio-container { max-width: 1320px !important; margin: auto; }
#problem .cm-scroller, #own .cm-scroller, #program .cm-scroller { font-size: 12.5px; }
#problem .cm-editor { max-height: 25em; }
#own .cm-editor, #program .cm-editor { max-height: 36em; }
#examples button { min-width: 0; }
footer { display: none !important; }
"""


def example(name: str) -> str:
    """The text of an example."""
    return (FOLDER / "examples" / EXAMPLES[name]).read_text(encoding="utf-8")


def footer(tier: str, space: str | None) -> str:
    """Markdown: how code is confined here, and where to read more."""
    confined = {
        "A": "Problems and programs run confined (tier A, namespaces: bubblewrap, seccomp, Landlock).",
        "B": "Problems and programs run confined (tier B, kernel: seccomp, Landlock).",
        "C": "**This machine cannot confine code** (tier C, none): Python problems and programs of your own are refused.",
    }[tier]
    card = f"https://huggingface.co/spaces/{space}/blob/main/README.md" if space else None
    more = f"[the metric's card]({card})" if card else "the metric's card, README.md beside this app"
    return f"{confined} Scores and tiers are explained in {more}; the method in [the paper](https://arxiv.org/abs/2403.01131). Scores of other systems are in the leaderboard, which the card names."


def page(workers: Workers) -> gr.Blocks:
    """The page, over workers that do its jobs."""

    def solve(problem: Any, writer: Any, own: Any, runs: Any, seed: Any) -> Iterator[tuple[Any, ...]]:
        """What the fields hold is checked here, not by gradio's components: a call by hand may send any JSON."""
        named = WRITERS.get(writer, writer) if isinstance(writer, str) else writer
        try:
            job = Job.asked(problem, named, own, runs, seed)
            shown = view.ResultView(job)
            yield shown.as_html(), gr.update(visible=False)
            with closing(workers.run(job)) as work:
                for said in work:
                    shown.receive(said)
                    if said.keys() == {"progress"} and "evals" not in said["progress"]:
                        yield gr.skip(), gr.skip()  # so that gradio looks whether the visitor is still there
                        continue
                    fresh = "answer" in said
                    yield (
                        shown.as_html(),
                        gr.update(value=shown.program, visible=True) if fresh else gr.skip(),
                    )
        except ProblemError as error:
            yield view.refused(str(error)), gr.update(visible=False)
        except Exception:
            print(traceback.format_exc().encode("ascii", "backslashreplace").decode(), file=sys.stderr)
            yield view.refused("something failed on the page's own side, which is in its log"), gr.skip()

    with gr.Blocks(title="LLaMoCo", analytics_enabled=False, delete_cache=(600, 600)) as blocks:
        gr.Markdown(HEAD)
        with gr.Row(equal_height=False):
            with gr.Column(scale=5, min_width=380):
                with gr.Row(elem_id="examples"):
                    picks = [gr.Button(name, size="sm") for name in EXAMPLES]
                problem = gr.Code(
                    example("Spring (LaTeX)"),
                    language=None,
                    label="Problem: LaTeX, Python, or JSON of the data set",
                    lines=18,
                    max_lines=18,
                    wrap_lines=True,
                    interactive=True,
                    elem_id="problem",
                )
                writer = gr.Radio(list(WRITERS), value=next(iter(WRITERS)), label="Who writes the program?")
                own = gr.Code(
                    OWN_START,
                    language="python",
                    label="Your program: optimize(...) or a whole script",
                    lines=12,
                    max_lines=18,
                    interactive=True,
                    visible=False,
                    elem_id="own",
                )
                with gr.Row():
                    runs = gr.Slider(1, MAX_RUNS, value=1, step=1, label="Runs")
                    seed = gr.Number(0, label="First seed", precision=0, minimum=0, maximum=MAX_SEED)
                start = gr.Button("Solve and score", variant="primary", elem_id="start")
                program = gr.Code(
                    language="python",
                    label="program.py: runs alone, with numpy, scipy, cma, deap and nlopt",
                    lines=12,
                    max_lines=26,
                    interactive=False,
                    visible=False,
                    elem_id="program",
                )
            with gr.Column(scale=6, min_width=380):
                results = gr.HTML(view.empty(), elem_id="results")
        gr.Markdown(footer(workers.tier, os.environ.get("SPACE_ID")))
        for pick in picks:
            pick.click(partial(example, pick.value), None, problem, api_visibility="private", queue=False)
        writer.change(
            lambda who: gr.update(visible=who == "I do"),
            writer,
            own,
            api_visibility="private",
            queue=False,
            preprocess=False,
        )
        start.click(
            view.waiting, None, results, api_visibility="private", queue=False, show_progress="hidden"
        )
        start.click(
            solve,
            [problem, writer, own, runs, seed],
            [results, program],
            api_visibility="private",
            concurrency_limit=1,
            preprocess=False,
            show_progress="hidden",
            trigger_mode="once",
        )
    return blocks.queue(max_size=20, api_open=False)


def main() -> None:
    """Start the page."""
    parser = argparse.ArgumentParser(description="The page of the LLaMoCo metric, on this machine.")
    parser.add_argument(
        "--port", type=int, default=None, help="port; the first free one from 7860 on by default"
    )
    arguments = parser.parse_args()
    confinement.hide()
    try:
        workers = Workers()
    except WorkerError as error:
        sys.exit(f"error: {error}")
    for signum in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(signum) != signal.SIG_IGN:  # as nohup has it
            signal.signal(signum, lambda *_: sys.exit())  # so that the workers are ended, too
    try:
        blocks = page(workers)
        fields: dict[int | str, int] = {}
        for number, function in blocks.fns.items():
            fields |= {number: len(function.inputs), str(function.api_name): len(function.inputs)}
        blocks.launch(
            server_port=arguments.port,
            share=False,
            app_kwargs={"middleware": [Middleware(Gate, fields=fields)]},
            state_session_capacity=200,
            mcp_server=False,
            enable_monitoring=False,
            ssr_mode=False,
            footer_links=[],
            theme=gr.themes.Default(primary_hue="blue", font=FONT, font_mono=MONOSPACE),
            css=CSS,
        )
    finally:
        workers.close()


if __name__ == "__main__":
    main()
