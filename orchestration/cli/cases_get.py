"""``doubleread cases get``: one case."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.cli.display import console
from orchestration.outcomes import printable

if TYPE_CHECKING:
    from orchestration.cases import ClinicalCase


def get(
    case_id: Annotated[str, typer.Argument(metavar="ID", help="S and digits, such as S0000001.")],
    *,
    year: Annotated[int, typer.Option(min=0, max=9999, help="The year of the case.")],
    save: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", file_okay=False, help="Save it to DIR/<year>/<id>: four PNGs, report.txt, case.json."
        ),
    ] = None,
    partial: Annotated[
        bool, typer.Option("--partial", help="Take the parts that are there, and name those that are missing.")
    ] = False,
    allow_contradictions: Annotated[
        bool,
        typer.Option(
            "--allow-contradictions", help="Take images that contradict their names or one another, and say how."
        ),
    ] = False,
    report: Annotated[bool, typer.Option("--report", help="Also print the report, which is patient text.")] = False,
) -> None:
    """Get a case: its four mammograms, verified, and its report.

    Exit status 1 when a part is missing or cannot be used, or when the images contradict their names or one another;
    each is named with its reason.
    """
    from orchestration.cases import CaseError, get_case
    from orchestration.errors import DoublereadError

    try:
        case = get_case(
            case_id,
            year,
            save is not None,
            allow_partial=partial,
            allow_contradictions=allow_contradictions,
            folder=save,
        )
    except CaseError as error:
        console.print(str(error), style="red", markup=False)
        raise typer.Exit(1) from None
    except DoublereadError:  # also of a store that can't be used, which is an OSError as well
        raise
    except OSError as error:
        raise DoublereadError(f"the case can't be saved to {save} ({error.strerror or error})") from None
    _print_case(case)
    if save is not None:
        console.print(f"saved to {save / f'{year:04d}' / case_id}", markup=False)
    if report and case.report is not None:
        typer.echo(case.report)
    if case.missing or case.contradictions:
        raise typer.Exit(1)


def _print_case(case: "ClinicalCase") -> None:
    """Print a table of the parts of a case, those that are missing too, and its contradictions."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(title=f"case {case.id} of {case.year:04d}", title_justify="left", box=box.SIMPLE_HEAD)
    for heading in ("part", "size", "values", "mm a pixel", "blob"):
        table.add_column(heading)
    for part, image in case.images.items():
        spacing = " x ".join(f"{millimetres:g}" for millimetres in image.pixel_spacing or ())
        size = " x ".join(map(str, image.shape))
        table.add_row(part, size, image.stored.dtype.name, spacing, Text(printable(image.source.blob)))
    if case.report is not None:
        table.add_row("report", f"{len(case.report):,} characters")
    for part, reason in case.missing.items():
        table.add_row(part, "missing", "", "", Text(reason), style="red")
    console.print(table)
    for contradiction in case.contradictions:
        console.print(f"contradiction: {contradiction}", style="red", markup=False)
