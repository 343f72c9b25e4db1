"""The page of the paper's tables and figures, and its files: Markdown, CSV and PNG."""

from __future__ import annotations

import csv
import io
import re
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from llamoco.hub_cards.paper.claims import Claim, claims
from llamoco.hub_cards.paper.exhibit import Exhibit, PaperError, Records
from llamoco.hub_cards.paper.figures import FIGURES
from llamoco.hub_cards.paper.tables import TABLES
from llamoco.hub_cards.render import render

EXHIBITS: Mapping[str, Callable[[Records], Exhibit]] = {
    **{f"table-{number}": make for number, make in enumerate(TABLES, 1)},
    **{f"figure-{number}": make for number, make in enumerate(FIGURES, 3)},
}
PAGE = "paper.md"
_ROMANS = ("i", "ii", "iii", "iv", "v", "vi", "vii")


def exhibit_name(text: str) -> str:
    """Name of an exhibit as a person writes it: "table-1", "Table I", "figure 3", "VI".

    Raises:
        PaperError: if there is no such table or figure.
    """
    found = re.fullmatch(r"(?:(table|tab\.?|figure|fig\.?)[\s_-]*)?(\d+|[ivx]+)", text.strip().lower())
    if found is not None:
        kind = "figure" if (found[1] or "").startswith("fig") else "table"
        number = _ROMANS.index(found[2]) + 1 if found[2] in _ROMANS else found[2]
        if (name := f"{kind}-{number}") in EXHIBITS:
            return name
    raise PaperError(f"{text!r}: expected a table or figure of the paper, one of {', '.join(EXHIBITS)}")


def exhibits(records: Records, names: Iterable[str] = ()) -> list[Exhibit]:
    """Exhibits by name, in the paper's order; all of them if none is named."""
    wanted = set(names) or set(EXHIBITS)
    return [make(records) for name, make in EXHIBITS.items() if name in wanted]


def paper_page(shown: Sequence[Exhibit], checked: Sequence[Claim], figures: str = "") -> str:
    """The page in Markdown.

    Args:
        shown: tables and figures.
        checked: claims of the paper, for its two paragraphs.
        figures: prefix of the figures' paths.
    """
    return render(
        "paper.md.j2",
        exhibits=[(one, figure_file(one)) for one in shown],
        claims={
            verdict: [claim for claim in checked if claim.verdict == verdict]
            for verdict in ("holds", "fails", "open", "unmeasured")
        },
        figures=figures,
    )


def figure_file(exhibit: Exhibit) -> str | None:
    """Name of an exhibit's image; None if it has none."""
    return f"{exhibit.name}.png" if exhibit.draw is not None or exhibit.image is not None else None


def write_paper(out: Path, shown: Sequence[Exhibit], records: Records) -> list[Path]:
    """Write a page, a CSV file a table and a PNG file a figure.

    Args:
        out: folder, made if missing.
        shown: tables and figures.
        records: which they were made from.

    Returns:
        Paths of the files.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PaperError(f"{out} cannot be made ({error.strerror}): give another --out") from error
    page = out / PAGE
    page.write_text(paper_page(shown, claims(records)), encoding="utf-8")
    written = [page]
    for one in shown:
        if one.table is not None:
            written.append(out / f"{one.name}.csv")
            written[-1].write_text(as_csv(one), encoding="utf-8", newline="")
        written += write_figures(out, [one], records)
    return written


def write_figures(out: Path, shown: Sequence[Exhibit], records: Records) -> list[Path]:
    """Write the images of exhibits into a folder."""
    written = []
    for one in shown:
        if (name := figure_file(one)) is not None:
            out.mkdir(parents=True, exist_ok=True)
            if one.draw is not None:
                one.draw(out / name)
            else:
                assert one.image is not None
                shutil.copyfile(records.place / one.image, out / name)
            written.append(out / name)
    return written


def as_csv(exhibit: Exhibit) -> str:
    """The table of an exhibit as CSV (RFC 4180), with its columns' names first."""
    assert exhibit.table is not None
    text = io.StringIO()
    csv.writer(text).writerows([exhibit.table.columns, *(row for row in exhibit.table.rows if row)])
    return text.getvalue()
