"""What the choices cost, side by side: each function makes one table from the calculator."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from orchestration.archives.planning import prices, rates
from orchestration.archives.planning.campaign import Campaign, Join, Layout, PlanError, Tier
from orchestration.archives.planning.figure import Figure
from orchestration.archives.planning.plan import Plan, make_plan
from orchestration.archives.planning.schedule import RESTORE_HOURS
from orchestration.archives.planning.simulation import Outcome
from orchestration.archives.planning.work import (
    ONE_PUT,
    READ_BLOCK,
    Work,
    dollars_of,
    index_by_reading,
    index_by_skipping,
    index_bytes,
    network_seconds,
    output_bytes,
    requests_of,
    workload,
)


@dataclass(frozen=True, slots=True)
class Table:
    """Headings and rows of text; the first column stands left, columns of figures right."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def figures(self) -> tuple[bool, ...]:
        """For each column, whether all its cells are figures or empty."""
        columns = zip(*self.rows, strict=True)
        return tuple(all(re.fullmatch(r"[\d,.e+-]*", cell) for cell in cells) for cells in columns)


def number(value: float) -> str:
    """``value`` for a reader: whole and with commas from 10 on, three figures below."""
    return f"{value:,.0f}" if abs(value) >= 10 or value == 0 else f"{value:.3g}"


def size(amount: float) -> str:
    """``amount`` bytes in decimal units."""
    for unit, factor in (("PB", 1e15), ("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if amount >= factor:
            return f"{amount / factor:,.3g} {unit}"
    return f"{amount:,.0f} B"


def steps(plan: Plan) -> Table:
    """The plan, line by line, with its totals."""
    rows = [
        (step.name, number(step.requests), number(step.vcpu_hours), number(step.dollars), step.how)
        for step in plan.steps
    ]
    for name, total in (("expected", plan.expected), ("bound", plan.bound)):
        how = f"{total.hours:,.0f} hours, {total.hours / 24:.1f} days"
        rows.append((name, "", number(total.vcpu_hours), number(total.dollars), how))
    return Table(("step", "requests", "vCPU-hours", "dollars", "what"), tuple(rows))


def layouts(campaign: Campaign) -> Table:
    """Shards of several sizes against an object for each DICOM, and what reading all once costs afterwards."""
    choices = [("an object for each DICOM", replace(campaign, layout=Layout.OBJECTS))]
    choices += [
        (
            f"shards of {size(shard)}{' (not built)' * (shard > ONE_PUT)}",
            replace(campaign, layout=Layout.SHARDS, shard_bytes=shard),
        )
        for shard in (50e6, 100e6, ONE_PUT, 1e9, 4e9)
    ]
    rows = []
    for name, choice in choices:
        written = output_bytes(choice)
        objects = choice.dicoms if choice.layout is Layout.OBJECTS else math.ceil(written / choice.shard_bytes)
        puts = requests_of(choice)
        reading = objects * math.ceil(written / objects / READ_BLOCK) * prices.GET.each
        rows.append((name, *map(number, (objects, puts, puts * prices.PUT.each, reading, _dollars(choice)))))
    headings = ("layout", "objects", "PUT requests", "their dollars", "dollars to GET all once", "campaign dollars")
    return Table(headings, tuple(rows))


def prefix_counts(campaign: Campaign) -> Table:
    """How long S3 takes an object for each DICOM on so many partitioned prefixes, and shards."""
    rows = []
    for prefixes in (1, 2, 4, 16, 64):
        row = [str(prefixes), number(prefixes * prices.PUT_LIMIT.each)]
        for layout in (Layout.OBJECTS, Layout.SHARDS):
            choice = replace(campaign, layout=layout, prefixes=prefixes)
            plan = _possible(choice)
            hours = requests_of(choice) / (prefixes * prices.PUT_LIMIT.each) / 3600
            row += [number(hours), "-" if plan is None else f"{plan.expected.hours / 24:.1f}"]
        rows.append(tuple(row))
    headings = (
        "prefixes",
        "PUT a second",
        "hours to PUT objects",
        "campaign days",
        "hours to PUT shards",
        "campaign days",
    )
    return Table(headings, tuple(rows))


def wave_sizes(campaign: Campaign) -> Table:
    """Waves of several sizes, each with vCPUs in proportion, so that reading hides behind the next restore."""
    rows = []
    for wave in sorted({min(campaign.wave_bytes * factor, campaign.image_bytes) for factor in (0.4, 1, 2, 4, 12)}):
        cores = prices.INSTANCE_VCPUS * math.ceil(campaign.cores * wave / campaign.wave_bytes / prices.INSTANCE_VCPUS)
        plan = _possible(replace(campaign, wave_bytes=max(wave, campaign.image_archive_bytes), cores=cores))
        if plan is None:
            continue
        standing_still = prices.storage_dollars(prices.gb_months(min(2 * wave, campaign.image_bytes), 24))
        days = (f"{plan.expected.hours / 24:.1f}", f"{plan.bound.hours / 24:.1f}")
        dollars = (plan.expected.dollars, plan.bound.dollars, standing_still)
        rows.append(
            (size(wave), str(plan.campaign.image_waves), number(plan.campaign.cores), *days, *map(number, dollars))
        )
    headings = (
        "wave",
        "image waves",
        "vCPUs",
        "days",
        "bound",
        "dollars",
        "bound",
        "dollars a day when it stands still",
    )
    return Table(headings, tuple(rows))


def widths(campaign: Campaign) -> Table:
    """More and fewer vCPUs on the same waves, as far as they are done before the copies end."""
    rows = []
    for cores in sorted({math.ceil(campaign.cores * factor) for factor in (0.5, 0.75, 1, 2, 8)}):
        plan = _possible(replace(campaign, cores=cores))
        if plan is None:
            continue
        busy = max(time.finished - time.started for time in plan.waves)
        figures = (plan.expected.hours, plan.bound.hours, plan.expected.vcpu_hours, plan.expected.dollars)
        rows.append((number(cores), f"{busy:.1f}", *map(number, figures)))
    return Table(("vCPUs", "hours a wave", "hours", "bound", "vCPU-hours", "dollars"), tuple(rows))


def tiers(campaign: Campaign) -> Table:
    """The ways of retrieval; expedited is priced only, since Batch Operations does not ask for it."""
    gigabytes = (campaign.image_bytes + campaign.text_bytes) / prices.GB
    rows = []
    for tier in Tier:
        plan = make_plan(replace(campaign, tier=tier))
        first, last = RESTORE_HOURS[tier]
        cost = gigabytes * prices.STANDARD_GB.each + 2 * campaign.archives * prices.STANDARD_REQUEST.each
        retrieval = cost if tier is Tier.STANDARD else 0.0
        days = f"{plan.expected.hours / 24:.1f}"
        rows.append(
            (str(tier), f"{first:.0f} to {last:.0f} hours", number(retrieval), days, number(plan.expected.dollars))
        )
    expedited = gigabytes * prices.EXPEDITED_GB.each + 2 * campaign.archives * prices.EXPEDITED_REQUEST.each
    rows.append(("expedited", "minutes, for hundreds of objects", number(expedited), "-", "-"))
    return Table(("retrieval", "an archive is back after", "dollars for it", "days", "campaign dollars"), tuple(rows))


def joins(campaign: Campaign) -> Table:
    """Headers through sorted tables or by a request for each, beside moving the pixels to the headers."""
    headers = campaign.dicoms * campaign.header_bytes
    rows = []
    for name, join in (("a ranged GET for each header", Join.RANGES), ("sorted tables (not built)", Join.TABLES)):
        choice = replace(campaign, join=join)
        work = workload(choice).join
        rows.append((name, size(headers), number(work.gets), number(dollars_of(work)), number(_dollars(choice))))
    # A shuffle of pixels writes and reads every body once more, in blocks of the size that archives are read in.
    pixels = campaign.image_bytes / READ_BLOCK
    shuffle = Work(gets=pixels, puts=pixels, vcpu_seconds=2 * network_seconds(campaign.image_bytes))
    moved = f"{size(campaign.image_bytes)}, twice"
    total = _dollars(campaign) - dollars_of(workload(campaign).join) + dollars_of(shuffle)
    rows.append(("pixels to headers", moved, number(pixels), number(dollars_of(shuffle)), number(total)))
    return Table(("join", "bytes moved", "GETs", "dollars", "campaign dollars"), tuple(rows))


def indexing(campaign: Campaign) -> Table:
    """An image index by reading archives whole, or by a request for the header of each member."""
    rows = []
    for name, work in (
        ("read whole, blocks of 8 MiB", index_by_reading(campaign)),
        ("a GET for each member", index_by_skipping(campaign)),
    ):
        rows.append((name, number(work.gets), number(work.vcpu_seconds / 3600), number(dollars_of(work))))
    return Table(("image index", "GETs", "vCPU-hours", "dollars"), tuple(rows))


def skipping_pays_above() -> float:
    """Bytes of a member above which skipping its body is cheaper than reading it."""
    member = dollars_of(Work(gets=1, vcpu_seconds=rates.REQUEST.each * 1e-3))
    byte = dollars_of(Work(gets=1 / READ_BLOCK, vcpu_seconds=network_seconds(1)))
    return member / byte


def mistakes(campaign: Campaign) -> Table:
    """What is easily forgotten, and what it adds."""
    expected = make_plan(campaign).expected
    gigabytes = (2 * campaign.image_bytes + output_bytes(campaign)) / prices.GB
    week = make_plan(replace(campaign, days=7)).expected.dollars - expected.dollars
    objects = replace(campaign, layout=Layout.OBJECTS)
    rows = (
        ("a NAT gateway instead of S3's gateway endpoint", gigabytes * prices.NAT.each),
        ("SSE-KMS without S3 Bucket Keys, an object for each DICOM: writing", campaign.dicoms * prices.KMS.each),
        ("an object for each DICOM", _dollars(objects) - expected.dollars),
        ("copies kept for 7 days", week),
        ("on-demand instances", expected.vcpu_hours * (prices.ON_DEMAND.each - prices.SPOT.each)),
    )
    return Table(("mistake", "dollars more"), tuple((name, number(dollars)) for name, dollars in rows))


def rejected(campaign: Campaign) -> Table:
    """Services that would do a part of the work, and what that part costs here and there."""
    hours = make_plan(campaign).expected.vcpu_hours
    spot = hours * prices.SPOT.each
    index = prices.storage_dollars(prices.gb_months(index_bytes(campaign), prices.HOURS_A_MONTH))
    lambdas = hours * 3600 * prices.LAMBDA_GB_A_VCPU * prices.LAMBDA.each
    rows = (
        ("Step Functions, one transition for each DICOM", campaign.dicoms * prices.STEP_FUNCTIONS.each, 0.0),
        ("Lambda for the same vCPU-hours", lambdas, spot),
        ("Glue (Spark) for the same vCPU-hours", hours / 4 * prices.GLUE.each, spot),
        ("DynamoDB as the index, one write for each member", 2 * campaign.dicoms * prices.DYNAMODB.each, index),
    )
    return Table(
        ("what", "its dollars", "instead of"), tuple((name, number(its), number(ours)) for name, its, ours in rows)
    )


def simulated(plan: Plan, outcome: Outcome) -> Table:
    """The plan beside what the simulation drew."""
    rows = []
    for name in ("hours", "dollars", "vcpu_hours"):
        planned = (getattr(plan.expected, name), getattr(plan.bound, name))
        drawn = tuple(getattr(outcome.percentile(percent), name) for percent in (5, 50, 95))
        rows.append((name.replace("vcpu_", "vCPU-"), *map(number, (planned[0], *drawn, planned[1]))))
    return Table(("total", "expected", "5 %", "median", "95 %", "bound"), tuple(rows))


def sources(figures: Iterable[Figure]) -> Table:
    """Figures with their sources."""
    rows = ((one.name, one.text, _source(one), one.note) for one in figures)
    return Table(("what", "figure", "where it stands, looked up on", "note"), tuple(rows))


def _source(figure: Figure) -> str:
    return f"{figure.source}, {figure.date}" if figure.source.startswith("https://") else figure.source


def _possible(campaign: Campaign) -> Plan | None:
    """The plan, or none where copies would end before they are read."""
    try:
        return make_plan(campaign)
    except PlanError:
        return None


def _dollars(campaign: Campaign) -> float:
    return make_plan(campaign).expected.dollars
