"""The `llamoco` command: arguments and printing only. Each command lives in a file of its own."""

from __future__ import annotations

import os

from llamoco.cli.benchmark import benchmark
from llamoco.cli.build import build
from llamoco.cli.evaluate import evaluate
from llamoco.cli.leaving import App
from llamoco.cli.push import push
from llamoco.cli.report import report
from llamoco.cli.solve import solve
from llamoco.cli.train import train

# Read when torch loads: threads that wait in a loop slow a model down many times on a machine that has other work.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

app = App(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Describe a continuous optimization problem; get the optimizer program an expert would have found by benchmarking.",
)
for command in (solve, benchmark, build, train, evaluate, report, push):
    app.command()(command)
