"""``doubleread archives plan``: what restoring and reassembling archives takes."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from orchestration.cli.display import console

if TYPE_CHECKING:
    from orchestration.archives.planning import Campaign, Plan
    from orchestration.archives.planning.comparisons import Table

RUNS = 400


def plan(
    *,
    dicoms: Annotated[float, typer.Option(help="DICOMs to reassemble, such as 3e9.")],
    archives: Annotated[float, typer.Option(help="Text archives, and as many image archives, such as 3e6.")],
    image_bytes: Annotated[float, typer.Option("--bytes", help="Bytes in the image archives, such as 3e15.")],
    header_bytes: Annotated[float, typer.Option(help="Mean bytes of a header as JSON.", show_default="10e3")] = 10e3,
    cores: Annotated[int, typer.Option(help="vCPUs that work at a time.")] = 512,
    wave_bytes: Annotated[
        float, typer.Option(help="Bytes of image archives restored at a time.", show_default="250e12")
    ] = 250e12,
    days: Annotated[int, typer.Option(help="Days that a temporary copy is asked for.")] = 1,
    tier: Annotated[Literal["bulk", "standard"], typer.Option(help="How archives are retrieved.")] = "bulk",
    layout: Annotated[
        Literal["shards", "objects"], typer.Option(help="Tar shards, or an object for each DICOM.")
    ] = "shards",
    shard_bytes: Annotated[
        float, typer.Option(help="Bytes of a shard; more than 256 MiB is not built.", show_default="256 MiB")
    ] = 256 * 2**20,
    prefixes: Annotated[int, typer.Option(help="Partitioned prefixes that are read from and written to.")] = 16,
    join: Annotated[
        Literal["ranges", "tables"],
        typer.Option(help="A request for each header, or sorted tables, which are not built."),
    ] = "ranges",
    task_archives: Annotated[int, typer.Option(help="Image archives in one task.")] = 1,
    compare: Annotated[bool, typer.Option("--compare", help="Also show what other choices would cost.")] = False,
    simulation: Annotated[
        bool, typer.Option("--simulate", help=f"Also simulate the waves {RUNS} times, with failures and spot losses.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of the simulation's numbers.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the plan as JSON instead of tables.")] = False,
) -> None:
    """Plan the restore of archives from S3 Glacier Flexible Retrieval and their reassembly: hours, dollars, vCPUs.

    Prices are of us-east-1; every price and rate, with source and date, and the design behind the plan are in
    docs/billions.md. Nothing is asked of AWS. The bound is what to budget: slow restores, lost spot instances, and
    copies that end as late as they can.
    """
    from orchestration.archives.planning import Campaign, Join, Layout, Tier, make_plan

    campaign = Campaign(
        dicoms=dicoms,
        archives=archives,
        image_bytes=image_bytes,
        header_bytes=header_bytes,
        cores=cores,
        wave_bytes=wave_bytes,
        days=days,
        tier=Tier(tier),
        layout=Layout(layout),
        shard_bytes=shard_bytes,
        prefixes=prefixes,
        join=Join(join),
        task_archives=task_archives,
    )
    made = make_plan(campaign)
    if as_json:
        typer.echo(json.dumps(_document(made, seed if simulation else None), indent=2))
        return
    _print_plan(made)
    if simulation:
        _print_simulation(made, seed)
    if compare:
        _print_comparisons(campaign)


def _document(made: "Plan", seed: int | None) -> dict[str, Any]:
    from orchestration.archives.planning import simulate

    document = asdict(made)
    if seed is not None:
        outcome = simulate(made.campaign, seed=seed, runs=RUNS)
        document["simulated"] = {f"percentile_{part}": asdict(outcome.percentile(part)) for part in (5, 50, 95)}
    return document


def _print_plan(made: "Plan") -> None:
    """Print the steps of a plan and, in sentences, what it takes in all."""
    from orchestration.archives.planning.comparisons import number, size, steps
    from orchestration.archives.planning.work import output_bytes

    campaign = made.campaign
    _print(
        f"{campaign.dicoms:,.0f} DICOMs in {campaign.archives:,.0f} archives of each kind: "
        f"{size(campaign.image_bytes)} of images, {size(campaign.text_bytes)} of text",
        steps(made),
    )
    expected, budget = (
        f"{total.hours / 24:.1f} days and {total.dollars:,.0f} dollars" for total in (made.expected, made.bound)
    )
    console.print(f"{len(made.waves)} waves. Expected: {expected}. Budget: {budget}.")
    console.print(
        f"Afterwards {size(output_bytes(campaign))} in S3 Standard cost {number(made.monthly_dollars)} dollars a month."
    )


def _print_simulation(made: "Plan", seed: int) -> None:
    from orchestration.archives.planning import simulate
    from orchestration.archives.planning.comparisons import simulated

    outcome = simulate(made.campaign, seed=seed, runs=RUNS)
    _print(f"the waves, simulated {RUNS} times with seed {seed}", simulated(made, outcome))


def _print_comparisons(campaign: "Campaign") -> None:
    """Print what other choices would cost, a table for each choice."""
    from orchestration.archives.planning import comparisons

    for title, table in (
        ("what is written", comparisons.layouts),
        ("prefixes that are written to", comparisons.prefix_counts),
        ("waves, with vCPUs in proportion", comparisons.wave_sizes),
        ("vCPUs, on the same waves", comparisons.widths),
        ("retrieval", comparisons.tiers),
        ("how headers reach the pixels", comparisons.joins),
        ("how images are indexed", comparisons.indexing),
        ("what is easily forgotten", comparisons.mistakes),
    ):
        _print(title, table(campaign))


def _print(title: str, made: "Table") -> None:
    from rich import box
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for column, (heading, is_figures) in enumerate(zip(made.headings, made.figures, strict=True)):
        # Headings may be broken into lines, figures and names may not.
        widest = max(len(row[column]) for row in made.rows) if is_figures or column == 0 else None
        table.add_column(heading, justify="right" if is_figures else "left", min_width=widest)
    for row in made.rows:
        table.add_row(*row)
    console.print(table)
