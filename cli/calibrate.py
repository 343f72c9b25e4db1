"""`llamoco calibrate MODEL`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from llamoco.cli.common import clear_errors, fail, out


def calibrate(
    model: Annotated[Path, typer.Argument(help="Model folder, such as `llamoco train` wrote.")],
    data: Annotated[
        str | None,
        typer.Option(help="Data set: folder of `llamoco build`, or Hub id. The shipped one by default."),
    ] = None,
    rows: Annotated[
        int | None, typer.Option(min=1, help="Number of descriptions; one a held-out problem by default.")
    ] = None,
) -> None:
    """Calibrate a model's confidence on held-out training problems.

    Writes calibration.json and reliability.png into the model's folder. From then on the confidence of its decisions is the
    probability that they are the benchmark's, and the single best solver answers where that is too low.

    Example: [cyan]llamoco calibrate out/xs[/]
    """
    from llamoco.modeling.calibration.calibrate import calibrate as run

    with clear_errors():
        try:
            calibration = run(model, data, rows)
        except (ValueError, OSError) as error:
            fail(f"{model}: {error}")
    table = Table("measure", "value")
    for name, value in {**calibration.measures, "threshold": calibration.threshold}.items():
        table.add_row(name, f"{value:g}")
    out.print(table)
