"""``doubleread splits``: whether patients are kept apart, and salts that share labels out well."""

from collections.abc import Mapping
from typing import Annotated

import typer

from orchestration.cli.commands import Commands
from orchestration.cli.display import console, print_failures

app = Commands(
    name="splits",
    help="Check that train, validation and test keep patients apart; find salts that share labels out evenly.",
    no_args_is_help=True,
)


@app.command()
def check(
    tables: Annotated[
        list[str],
        typer.Argument(metavar="[SIDE=]FILE", help="CSV or Parquet tables; several may be of one side: train=a.csv."),
    ],
    *,
    patient: Annotated[str, typer.Option(metavar="COLUMN", help="Who must be on one side only.")],
    side: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="The side, where the tables say it themselves.")
    ] = None,
) -> None:
    """Find the patients who are on more than one side, in tables of any origin.

    Ids of patients are not printed; each is told by the rows that name it. Exit status 1 when there are some.
    """
    from orchestration.training_set.export.table_check import check_tables, named_table

    found = check_tables([named_table(table, with_side=side is None) for table in tables], patient, side)
    print_failures("patients are on more than one side", found.divided)
    console.print(f"{found.rows:,} rows, {found.patients:,} patients, {found.divided.count:,} on more than one side")
    raise typer.Exit(1 if found.divided.count else 0)


@app.command()
def suggest(
    *,
    candidates: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many salts are tried.")] = 1_000,
) -> None:
    """Find salts with which each label's studies come closest to DOUBLEREAD_SPLIT_RATIOS.

    Sides follow from the patient, or the study, and the salt alone: a patient who is added later moves no other. The
    price is that shares differ from the ratios by chance. Choose a salt once, before anything is trained, as
    DOUBLEREAD_SPLIT_SALT.
    """
    from orchestration.database import open_database
    from orchestration.settings import load_settings
    from orchestration.training_set.export.separation import known_groups
    from orchestration.training_set.export.splits import Rule, best_salts, label_shares

    settings = load_settings()
    rule = Rule.of(settings)
    groups, labels = known_groups(open_database(settings))
    found = best_salts(rule, groups, labels, candidates=candidates)
    own = next(worst for worst, salt in found if salt == rule.salt)
    console.print(f"{rule.salt}: a label's share is off by up to {own:.1%}", markup=False)
    for worst, salt in found[:5]:
        console.print(f"{salt}: by up to {worst:.1%}", markup=False)
    _print_shares(found[0][1], label_shares(Rule(found[0][1], rule.ratios), groups, labels))


def _print_shares(salt: str, shares: Mapping[str, Mapping[str, float]]) -> None:
    from rich import box
    from rich.table import Table

    table = Table(title=f"Shares of each label's studies with {salt}", title_justify="left", box=box.SIMPLE_HEAD)
    for heading in ("label", "train", "validation", "test"):
        table.add_column(heading, justify="left" if heading == "label" else "right")
    for label, share in shares.items():
        table.add_row(label, *(f"{part:.1%}" for part in share.values()))
    console.print(table)
