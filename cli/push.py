"""Command `llamoco push KIND [FOLDER]`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from llamoco.cli.common import EXIT_BAD_INPUT, clear_errors, err, out, say

if TYPE_CHECKING:
    from llamoco.hub_cards.artefacts import Artefact

ACCOUNT = "YOUR-ACCOUNT"


def push(
    kind: Annotated[
        str, typer.Argument(help="What to upload: model, dataset or metric.", show_default=False)
    ],
    folder: Annotated[
        Path | None,
        typer.Argument(
            help="Its folder; by default the shipped model, llamoco/ (as llamoco build writes it) or metrics/llamoco.",
            show_default=False,
        ),
    ] = None,
    repo: Annotated[
        str | None,
        typer.Option(
            help="Repository: NAME (in the account of the token) or NAMESPACE/NAME; the folder's name by default."
        ),
    ] = None,
    private: Annotated[
        bool, typer.Option("--private", help="If the repository is new, make it private.")
    ] = False,
    branch: Annotated[str, typer.Option(help="Branch to commit to; created if it does not exist.")] = "main",
    message: Annotated[str | None, typer.Option(help="Commit message.")] = None,
    max_file: Annotated[
        float | None,
        typer.Option(min=0.001, help="Largest file to accept, in MiB; 15 for a model by default."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only check, and list what would be uploaded; uses no network.")
    ] = False,
) -> None:
    """Upload a model, the data set or the metric (a Space with its page) to the Hugging Face Hub, with its card.

    Everything is checked first: files, weights, the card's metadata, rows. The token comes from HF_TOKEN or from
    [cyan]hf auth login[/]. The upload is one commit; if it is interrupted, push again: files that are already there are not sent again.

    Examples: [cyan]llamoco push model --dry-run[/], [cyan]llamoco push model runs/mine --repo me/mine --private[/],
    [cyan]llamoco push dataset[/], [cyan]llamoco push metric[/] (in a clone)
    """
    from huggingface_hub.utils import disable_progress_bars

    from llamoco.hub_cards import artefacts
    from llamoco.hub_cards.push import NO_TOKEN, PushError, full_repo_name, open_hub
    from llamoco.hub_cards.push import push as upload

    chosen = next((name for name in artefacts.KINDS if name == kind), None)
    if chosen is None:
        raise typer.BadParameter(f"{kind!r} is not one of {', '.join(artefacts.KINDS)}", param_hint="KIND")
    at = folder or artefacts.FOLDERS[chosen]

    def collect(name: str) -> Artefact:
        return artefacts.artefact(
            chosen, at, name, max_file_mib=max_file, private=private, branch=branch, card=_card(chosen)
        )

    name = repo or at.resolve().name
    with clear_errors():
        if dry_run:
            found = collect(name if "/" in name else f"{ACCOUNT}/{name}")
            try:
                open_hub()
            except PushError:
                found.faults.append(NO_TOKEN)
            _show(found, private, branch)
            if found.faults:
                raise typer.Exit(EXIT_BAD_INPUT)
            out.print("all checks passed; nothing was uploaded (--dry-run)")
            return
        if not err.is_terminal:
            disable_progress_bars()
        api = open_hub()
        found = collect(full_repo_name(api, name))
        pushed = upload(api, found, private=private, branch=branch, message=message)
    for path in pushed.removed:
        out.print(f"removed there: {path}")
    state = "uploaded" if pushed.changed else "unchanged since the last push"
    out.print(f"{state}: {pushed.url} ({branch} at {pushed.commit[:12]})", soft_wrap=True)


def _card(kind: str) -> Callable[[Path], str] | None:
    """Write the card of a model that has none, from its run record."""
    if kind != "model":
        return None
    from llamoco.hub_cards.model_cards import trained_card

    return trained_card


def _show(found: Artefact, private: bool, branch: str) -> None:
    out.print(
        f"to {found.repo} ({found.repo_type}{', private' if private else ''}, branch {branch}):",
        soft_wrap=True,
    )
    if found.files:
        out.print(_files(found))
    if found.left_out:
        out.print(f"left out: {', '.join(found.left_out)}", soft_wrap=True)
    if found.card:
        import yaml

        text = yaml.safe_dump(_shortened(found.card), sort_keys=False, allow_unicode=True, width=120)
        out.print(f"metadata of the card:\n{text.rstrip()}", soft_wrap=True)
    for fault in found.faults:
        say("error:", fault, "bold red")


def _files(found: Artefact) -> Table:
    table = Table()
    table.add_column("file", overflow="fold")
    table.add_column("KiB", justify="right")
    for path in found.files:
        table.add_row(path, f"{found.size(path) / 1024:,.1f}")
    table.add_section()
    total = sum(map(found.size, found.files)) / 1024
    table.add_row(f"{len(found.files)} files", f"{total:,.1f}")
    return table


def _shortened(card: Mapping[str, Any]) -> dict[str, Any]:
    """Shorten metadata for the terminal: columns and prompts are left out; metadata of another form stay as they are."""
    from llamoco.hub_cards.artefacts import rows_stated

    short = dict(card)
    with suppress(AttributeError, KeyError, TypeError):
        short |= {"dataset_info": rows_stated(card)} if "dataset_info" in card else {}
        short |= (
            {"widget": [example["example_title"] for example in card["widget"]]} if "widget" in card else {}
        )
        if "model-index" in card:
            short["model-index"] = [
                f"{metric.get('name', metric['type'])}: {metric['value']}"
                for model in card["model-index"]
                for result in model["results"]
                for metric in result["metrics"]
            ]
    return short
