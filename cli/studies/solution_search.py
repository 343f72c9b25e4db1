"""Command `llamoco study solution-search`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from llamoco.cli.common import clear_errors, err, fail, out


class MethodName(StrEnum):
    """Solution-to-solution optimizer."""

    opro = "opro"
    lmea = "lmea"


def command(
    method: Annotated[MethodName, typer.Argument(help="OPRO (arXiv 2309.03409) or LMEA (arXiv 2310.19046).")],
    folder: Annotated[Path, typer.Option("--out", help="Folder of replies and runs.")],
    server: Annotated[
        str | None,
        typer.Option(help="URL of an OpenAI-compatible server; without it recorded replies are scored anew."),
    ] = None,
    server_model: Annotated[
        str | None, typer.Option("--server-model", help="Name of the model on the server.")
    ] = None,
    split: Annotated[str, typer.Option(help="Split of the data set.")] = "test",
    data: Annotated[
        str | None, typer.Option(help="Folder or Hub id of the data set; the shipped one by default.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="The first N problems only.")] = None,
    runs: Annotated[int, typer.Option(min=1, help="Runs on each problem.")] = 5,
    max_evals: Annotated[
        int | None,
        typer.Option(
            "--max-evals", min=1, help="Most evaluations of a run; the problem's budget by default."
        ),
    ] = None,
    max_requests: Annotated[int, typer.Option("--max-requests", min=1, help="Most requests of a run.")] = 200,
    max_new_tokens: Annotated[
        int | None,
        typer.Option(
            "--max-new-tokens",
            min=1,
            help="Most tokens of a reply; 1024 by default, with LMEA, whose replies have 16 points, 4096.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of initial points and requests.")] = 0,
    concurrency: Annotated[int, typer.Option(min=1, help="Runs at a time.")] = 1,
    timeout: Annotated[float, typer.Option(min=1, help="Time limit of a reply, in seconds.")] = 600,
) -> None:
    """Have a language model search by itself (OPRO, LMEA): it is asked for points, which our oracle evaluates and counts.

    Every reply is saved as it comes; the same command continues after Ctrl-C or kill -9.
    """
    with clear_errors():
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

        from llamoco.cli.common import column, command_line
        from llamoco.dataset_builder.problems.problem import Problem
        from llamoco.modeling.evaluation.split_rows import evaluation_rows
        from llamoco.modeling.solution_search.study import METHODS, Study, run_study, server_sampler

        if server is None and server_model is not None:
            fail(f"--server-model {server_model!r} needs --server")
        sampler, settings = None, {}
        if server is not None:
            from llamoco.modeling.providers.server import ServerProvider

            tokens = max_new_tokens or METHODS[str(method)].NEW_TOKENS
            source = ServerProvider(
                server, server_model, "chat", "plain", tokens, timeout, concurrency=concurrency
            )
            settings = {
                name: value
                for name, value in source.settings().items()
                if name not in ("temperature", "sampling_seed", "prompt_style")
            }
            sampler = server_sampler(source)

        texts = {row["problem_id"]: row["problem"] for row in evaluation_rows(split, data=data)}
        problems = [Problem.from_json(text) for text in list(texts.values())[:limit]]
        columns = (column("runs"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=err, speed_estimate_period=600) as bar:
            task = bar.add_task("runs", total=None)
            record = run_study(
                folder,
                Study(str(method), runs, max_evals, max_requests, seed),
                problems,
                sampler,
                settings,
                command_line(server),
                concurrency,
                lambda done, total: bar.update(task, completed=done, total=total),
            )
        shown = {name: record[name] for name in ("problems", "runs", "missing_runs", "aocc", "perf")}
        out.print(", ".join(f"{name} {value}" for name, value in shown.items()), soft_wrap=True)
        out.print(f"written: {folder}", soft_wrap=True)
