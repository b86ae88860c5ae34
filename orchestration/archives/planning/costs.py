"""What a campaign costs, line by line, once its hours are known."""

from dataclasses import dataclass

from orchestration.archives.planning import prices
from orchestration.archives.planning.campaign import Campaign, Join, Tier
from orchestration.archives.planning.work import Work, index_bytes, pairs_bytes, table_bytes, workload


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the plan; ``how`` says what is multiplied."""

    name: str
    requests: float
    vcpu_hours: float
    dollars: float
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """What costs by the hour.

    Attributes:
        total: From the first request to the last DICOM.
        vcpus: vCPU-hours that are paid for.
        image_copies: Hours for which a temporary copy of an image archive is billed, on average.
        text_copies: The same for text archives.
    """

    total: float
    vcpus: float
    image_copies: float
    text_copies: float


def cost(campaign: Campaign, waves: int, hours: Hours) -> tuple[Step, ...]:
    """The lines of a campaign that has so many ``waves`` and takes ``hours``."""
    load = workload(campaign)
    waiting = hours.vcpus - (load.text + load.image).vcpu_seconds / 3600
    return (
        _requests(campaign, waves),
        _copies(campaign, hours),
        _step("text: index and headers", load.text, "every text archive read once"),
        _step("images: index", load.index, "read whole, or a request for each member: the cheaper"),
        _step("headers to pixels", load.join, _HEADERS[campaign.join]),
        _step("images: reassembly", load.reassembly, "every image archive read once"),
        _step("writing", load.writing, "PUT requests, parts included"),
        Step(
            "done again, waiting",
            0,
            waiting,
            waiting * prices.SPOT.each,
            "spot losses, retries, slow waves, last tasks",
        ),
        _running(campaign, hours.total),
        _beside(campaign, load.writing.puts, hours),
    )


_HEADERS = {
    Join.RANGES: "a request for each header",
    Join.TABLES: "only headers move, sorted",
}


def _step(name: str, work: Work, how: str) -> Step:
    vcpu_hours = work.vcpu_seconds / 3600
    dollars = work.gets * prices.GET.each + work.puts * prices.PUT.each + vcpu_hours * prices.SPOT.each
    return Step(name, work.gets + work.puts, vcpu_hours, dollars, how)


def _requests(campaign: Campaign, waves: int) -> Step:
    """Inventory, Batch Operations (a job a wave), and the retrieval itself; the message of each copy that is there."""
    objects = 2 * campaign.archives
    per_gb, per_request = {
        Tier.BULK: (prices.BULK_GB, prices.BULK_REQUEST),
        Tier.STANDARD: (prices.STANDARD_GB, prices.STANDARD_REQUEST),
    }[campaign.tier]
    each = prices.INVENTORY.each + prices.BATCH_OBJECT.each + per_request.each + 3 * prices.SQS.each
    retrieved = (campaign.image_bytes + campaign.text_bytes) / prices.GB
    dollars = waves * prices.BATCH_JOB.each + objects * each + retrieved * per_gb.each
    return Step("asking for archives", objects, 0, dollars, f"{waves} jobs, {campaign.tier} retrieval, messages")


def _copies(campaign: Campaign, hours: Hours) -> Step:
    """Temporary copies, billed at the price of S3 Standard beside the archived objects."""
    months = prices.gb_months(campaign.image_bytes, hours.image_copies)
    months += prices.gb_months(campaign.text_bytes, hours.text_copies)
    how = f"{hours.image_copies:.0f} hours each, at Standard's price"
    return Step("temporary copies", 0, 0, prices.storage_dollars(months), how)


def _running(campaign: Campaign, hours: float) -> Step:
    """The scheduler, endpoints, metrics and logs, and the campaign's own index and tables."""
    tables = index_bytes(campaign) + (table_bytes(campaign) if campaign.join is Join.TABLES else 0)
    hourly = prices.CONTROL.each + prices.ENDPOINT.each + prices.CLOUDWATCH.each / prices.HOURS_A_MONTH
    dollars = hours * hourly
    dollars += prices.storage_dollars(prices.gb_months(tables, hours))
    return Step("running it", 0, 0, dollars, "scheduler, endpoints, metrics, index")


def _beside(campaign: Campaign, puts: float, hours: Hours) -> Step:
    """Data events of writes, disks of the instances and of the machine that joins, traffic between zones."""
    events = puts + 2 * campaign.archives
    gigabyte_hours = hours.vcpus / prices.INSTANCE_VCPUS * prices.ROOT_DISK_GB + hours.total * prices.SPOOL_DISK_GB
    dollars = events * prices.CLOUDTRAIL.each
    dollars += gigabyte_hours / prices.HOURS_A_MONTH * prices.DISK.each
    dollars += pairs_bytes(campaign) / prices.GB * prices.ZONES.each
    return Step("beside it", 0, 0, dollars, "CloudTrail events of writes, disks, traffic between zones")
