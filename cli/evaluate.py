"""Command `llamoco evaluate`."""

from __future__ import annotations

import json
import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TimeRemainingColumn

from llamoco.cli.common import EXIT_NO_SANDBOX, clear_errors, column, command_line, err, fail, out
from llamoco.cli.evaluate_suite import run_suite
from llamoco.cli.evaluation_tables import print_evaluation

if TYPE_CHECKING:
    from llamoco.modeling.evaluation.steps import OnProgress, Stage

MOST_RUNS = 1_000_000
ETA_PERIOD = 600  # seconds of work that the time left is estimated from: batches of answers take long


class Split(StrEnum):
    """Split of the data set."""

    train = "train"
    test = "test"


class Step(StrEnum):
    """Step of an evaluation."""

    generate = "generate"
    run = "run"
    repair = "repair"
    robustness = "robustness"
    score = "score"


class Api(StrEnum):
    """Interface of an OpenAI-compatible server."""

    chat = "chat"
    completions = "completions"


class PromptStyle(StrEnum):
    """Form of the prompt."""

    auto = "auto"
    plain = "plain"
    contract = "contract"


def evaluate(
    model: Annotated[
        str | None,
        typer.Argument(
            help="Hub id, folder of a model or of a LoRA adapter, or file of ready programs "
            '(.jsonl, lines such as {"row": 0, "program": "..."}); the shipped model by default.',
            show_default=False,
        ),
    ] = None,
    split: Annotated[
        Split | None, typer.Option(help="Split of the data set; test by default.", show_default=False)
    ] = None,
    runs: Annotated[
        int | None,
        typer.Option(min=1, max=MOST_RUNS, help="Runs of each program; 5 by default.", show_default=False),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Seed of the runs; 0 by default.", show_default=False)
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="The first N rows only, of N different problems as long as there are N; with --suite the first N problems.",
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            metavar="PATH_OR_ID",
            help="Data set: folder that llamoco build wrote, or Hub id; the shipped one by default.",
            show_default=False,
        ),
    ] = None,
    suite: Annotated[
        str | None,
        typer.Option(
            help="Solve the problems of this suite (outside, rw57 or realistic) instead, as llamoco solve does, beside other tools at the same budgets.",
            show_default=False,
        ),
    ] = None,
    out_folder: Annotated[
        Path | None,
        typer.Option("--out", help="Folder of records; runs/evaluate-MODEL or runs/SUITE-MODEL by default."),
    ] = None,
    server: Annotated[
        str | None,
        typer.Option(
            help="URL of an OpenAI-compatible server that answers, such as http://127.0.0.1:8000/v1."
        ),
    ] = None,
    server_model: Annotated[
        str | None, typer.Option("--server-model", help="Name of the model on the server.")
    ] = None,
    api: Annotated[
        Api, typer.Option(help="Interface of the server: chat messages, or plain text to complete.")
    ] = Api.chat,
    prompt: Annotated[
        PromptStyle,
        typer.Option(
            help="Prompt: plain, as LLaMoCo's models are trained on, or with a contract that spells out what the program has to "
            "define; auto chooses by the model."
        ),
    ] = PromptStyle.auto,
    examples: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Show a server's model N solved problems of the train split before each prompt (few-shot): the same ones for "
            "all problems of a group, Python and LaTeX in turn.",
            show_default=False,
        ),
    ] = None,
    nearest: Annotated[
        bool,
        typer.Option(
            "--nearest",
            help="With --examples: those whose prompts are nearest to the prompt by TF-IDF (vector search).",
        ),
    ] = False,
    steps: Annotated[
        list[Step] | None,
        typer.Option(
            "--step",
            help="Only this step (can be given several times): generate answers, run programs, repair failed ones, "
            "decide on other descriptions (robustness), score. All by default; run and score need no model.",
            show_default=False,
        ),
    ] = None,
    max_new_tokens: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Maximum length of an answer in tokens; 1800 by default, 2048 with the contract.",
            show_default=False,
        ),
    ] = None,
    pool_only: Annotated[
        bool,
        typer.Option(
            "--pool-only",
            help="Hold a local model's answers to the pool's programs, and do not have it answer freely as well: what it chooses, "
            "however well it writes.",
        ),
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, help="Programs that run in parallel; one per processor by default.", show_default=False
        ),
    ] = None,
    concurrency: Annotated[int, typer.Option(min=1, help="Concurrent requests to a server.")] = 8,
    timeout: Annotated[
        float, typer.Option(min=1, help="Time limit of an answer from a server, in seconds.")
    ] = 600,
    prices: Annotated[
        tuple[float, float] | None,
        typer.Option(
            metavar="IN OUT",
            help="What a server's tokens cost, in US dollars for a million in and a million out: the record then says what the "
            "answers cost.",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print only the record, as JSON.")] = False,
    unsafe: Annotated[
        bool,
        typer.Option(
            "--unsafe", help="Run generated code even where this machine cannot confine it (tier C)."
        ),
    ] = False,
) -> None:
    """Score a model on an instruction set: Err, Rec, Perf, AOCC, Comp and more, beside the single best solver and the labelled answers.

    A local model with the plain prompt is scored twice: raw, and within the pool, with decoding restricted to the benchmarked programs as in [b]llamoco solve[/].

    Answers and runs are saved in OUT as they come: the same command continues after Ctrl-C or kill -9. With --step and a copy of OUT, answers can be generated on one machine and run on another.

    Exit codes: 0 done; 2 bad input, or the model does not answer; 3 no sandbox on this machine.

    Examples:

    [cyan]llamoco evaluate --limit 50[/]

    [cyan]llamoco evaluate --suite outside[/]

    [cyan]llamoco evaluate --server http://127.0.0.1:8000/v1 --server-model NAME --limit 50[/]

    [cyan]llamoco evaluate --server http://127.0.0.1:8000/v1 --examples 2 --nearest --out runs/vector-search[/]

    [cyan]llamoco evaluate runs/xs --step generate; llamoco evaluate runs/xs --step run --step score[/]
    """
    with clear_errors():  # also a Ctrl-C while libraries are imported
        from llamoco.dataset_builder.problems.jsonl import to_jsonable
        from llamoco.metrics.sandbox.tiers import SandboxUnavailable
        from llamoco.modeling.evaluation.evaluation_folder import SETTINGS, read_settings
        from llamoco.modeling.evaluation.steps import RUNS, SEED, STEPS, evaluate_model
        from llamoco.modeling.generation.model_files import SHIPPED_MODEL
        from llamoco.modeling.providers import open_provider
        from llamoco.modeling.providers.examples import Examples

        if server is not None and model is not None:
            fail(f"MODEL {model!r} and --server: give one of them; --server-model names the server's model")
        if server is None and server_model is not None:
            fail(f"--server-model {server_model!r} needs --server; give a local model as MODEL")
        if examples is None and nearest:
            fail("--nearest needs --examples N: the number of examples")
        if pool_only and server is not None:
            fail(
                "--pool-only and --server: decoding is held to the pool on this machine only; give a local model"
            )
        if prices is not None and min(prices) < 0:
            fail(
                f"--prices {prices[0]:g} {prices[1]:g}: expected US dollars for a million tokens in and out, from 0"
            )
        if examples is not None and server is None:
            fail("--examples needs --server: examples are shown to the model of a server")
        if suite is not None:
            given = {
                "--server": server,
                "--split": split,
                "--data": data,
                "--step": steps,
                "--max-new-tokens": max_new_tokens,
                "--workers": workers,
            }
            if unfit := [name for name, value in given.items() if value]:
                fail(
                    f"--suite and {unfit[0]}: a suite has problems of its own, which a model on this machine solves one after "
                    f"the other, as llamoco solve does; leave {unfit[0]} out"
                )
            folder = out_folder or Path("runs") / f"{suite}-{_short_name(model or SHIPPED_MODEL.name)}"
            run_suite(suite, model, runs or RUNS, seed or SEED, limit, folder, as_json, unsafe)
            return
        chosen = tuple(map(str, steps)) if steps else STEPS
        with clear_errors():
            source = chooser = None
            if examples is not None:
                chooser = Examples(examples, "nearest" if nearest else "fixed", data)
            if {"generate", "repair", "robustness"} & set(chosen):
                source = open_provider(
                    model,
                    server=server,
                    server_model=server_model,
                    api=str(api),
                    prompt_style=str(prompt),
                    max_new_tokens=max_new_tokens,
                    pool_only=pool_only,
                    timeout=timeout,
                    concurrency=concurrency,
                    examples=chooser,
                )
            name = model or server_model or (source.name if source is not None else SHIPPED_MODEL.name)
            folder = out_folder or Path("runs") / f"evaluate-{_short_name(name)}"
            if chooser is not None and data is None and (folder / SETTINGS).exists():
                chooser.data = read_settings(folder)["data"]
            columns = (
                column("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
            )
            with Progress(*columns, console=err, disable=as_json, speed_estimate_period=ETA_PERIOD) as bar:
                try:
                    record = evaluate_model(
                        folder,
                        source,
                        split=split and str(split),
                        runs=runs,
                        limit=limit,
                        data=data,
                        seed=seed,
                        steps=chosen,
                        allow_unsafe=unsafe,
                        workers=workers,
                        command=command_line(server),
                        prices=prices,
                        on_progress=_progress_on(bar),
                    )
                except SandboxUnavailable as error:
                    fail(str(error), EXIT_NO_SANDBOX)
        if as_json:
            print(json.dumps(to_jsonable(record), allow_nan=False))
            return
        if record is not None:
            print_evaluation(record)
        out.print(f"written: {folder}", soft_wrap=True)


def _progress_on(bar: Progress) -> OnProgress:
    """Show each step in a line of its own, starting from what was done before."""
    tasks: dict[str, TaskID] = {}

    def show(stage: Stage) -> None:
        if stage.name not in tasks:
            tasks[stage.name] = bar.add_task(stage.name, total=stage.total, completed=stage.done)
        bar.update(tasks[stage.name], completed=stage.done, total=stage.total)

    return show


def _short_name(name: str) -> str:
    """The name of a model as part of a folder's name."""
    return re.sub(r"[^\w.-]+", "-", Path(name.removesuffix(".jsonl")).resolve().name)
