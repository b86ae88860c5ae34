"""``doubleread why`` and ``doubleread why-not``: where a picture comes from, and why another is not there."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from orchestration.database import Database
    from orchestration.settings import Settings
    from orchestration.training_set.provenance.answers import Answer
    from orchestration.training_set.provenance.telling import Section

STYLES = {"plain": "bold", "good": "bold green", "bad": "bold red", "warning": "bold yellow"}
JsonOption = Annotated[bool, typer.Option("--json", help="Print the answer as JSON; docs/why.md has its fields.")]


def why(
    question: Annotated[
        str,
        typer.Argument(
            metavar="PICTURE|FINDING",
            help="A file, a path such as has_malign_mass/123.png or images/123.png, a SHA-256 or its first 8 digits or "
            "more, or the id of a finding, scan or study.",
        ),
    ],
    *,
    as_json: JsonOption = False,
) -> None:
    """Say where a picture comes from: readings, rows, rule, image, drawing, runs, code.

    A file is known by its content, so that a copy under any name is; one that was changed is said to be. Of a scan or
    study it says what there is. finding:ID, scan:ID and study:ID say which of them an id is of. What was changed since
    is told first: readings newer than the marts, a picture older than its finding, an image with other bytes.

    Exit status 1 when nothing is known by that name, or when it may mean several things, which are listed.
    """
    from orchestration.training_set.provenance.explaining import why as explain

    _answer(lambda database, settings: explain(database, settings, question), as_json=as_json, in_full=True)


def why_not(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="The id of a study.")],
    label: Annotated[str | None, typer.Argument(metavar="LABEL", help="One label; all of them unless given.")] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Say why a label of a study was rejected, or was not, and why a picture is missing.

    For each label the first reason that holds, with the readers and scans that it is about: who missed which scan, who
    calls it true on which scans only. An accepted label is said to be accepted; where its picture is missing, the image
    could not be retrieved or drawn, and the reason is told.

    Exit status 1 when there is no such study, 2 when there is no such label.
    """
    from orchestration.training_set.provenance.explaining import why_not as explain

    _answer(lambda database, settings: explain(database, settings, study, label), as_json=as_json, in_full=False)


def _answer(ask: "Callable[[Database, Settings], Answer]", *, as_json: bool, in_full: bool) -> None:
    """Print an answer, or what would be known; exit with 1 where there is no answer."""
    from orchestration.cli.display import complain, console
    from orchestration.database import open_database
    from orchestration.outcomes import printable
    from orchestration.settings import load_settings
    from orchestration.training_set.provenance.asking import AmbiguousError, NoAnswerError
    from orchestration.training_set.provenance.telling import told

    settings = load_settings()
    try:
        answer = ask(open_database(settings), settings)
    except NoAnswerError as error:
        complain(str(error))
        raise typer.Exit(1) from None
    except AmbiguousError as error:
        complain(f"{error}:")
        for question, what in error.candidates:
            console.print(f"  doubleread why {printable(question)}: {printable(what)}", markup=False)
        raise typer.Exit(1) from None
    if as_json:
        import json

        # In ASCII, so that no id can move a terminal's cursor.
        typer.echo(json.dumps(answer.model_dump(mode="json"), indent=2))
    else:
        _print(told(answer, in_full=in_full))


def _print(sections: "Sequence[Section]") -> None:
    """Print sections one under the other, headings in the colour of what they say."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from orchestration.cli.display import console
    from orchestration.training_set.provenance.telling import ROWS_SHOWN

    for number, section in enumerate(sections):
        console.print("\n" * bool(number) + section.title, style=STYLES[section.tone], markup=False)
        for sentence in section.sentences:
            console.print(f"  {sentence}", style="yellow" if section.tone == "warning" else "", markup=False)
        width = max((len(name) for name, _ in section.values), default=0)
        for name, value in section.values:
            console.print(Text.assemble(f"  {name:<{width}}  ", value))
        if section.rows:
            table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
            for heading in section.header:
                table.add_column(Text(heading), overflow="fold")
            for row in section.rows[:ROWS_SHOWN]:
                table.add_row(*map(Text, row))
            console.print(table)
        if len(section.rows) > ROWS_SHOWN:
            console.print(f"  and {len(section.rows) - ROWS_SHOWN:,} more; --json has all", markup=False)
