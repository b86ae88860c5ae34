"""How many requests and vCPU-seconds each step takes, before anything goes wrong.

A vCPU that reads from S3 moves as many bytes a second as its share of the instance's network lets it, and waits
meanwhile: times of the network and of the CPU are added, which is a little too careful. Writing runs beside reading,
since the network goes both ways at once.
"""

import math
from dataclasses import dataclass

from orchestration.archives.planning import prices, rates
from orchestration.archives.planning.campaign import Campaign, Join, Layout

# Bytes of one ranged GET when an archive is read from its beginning to its end.
READ_BLOCK = 8 * 2**20
# Shards up to this are one PUT, which a worker holds in memory; larger ones (not built) go in parts.
ONE_PUT = 256 * 2**20
PART = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Work:
    """Requests and vCPU-seconds."""

    gets: float = 0.0
    puts: float = 0.0
    vcpu_seconds: float = 0.0

    def __add__(self, other: "Work") -> "Work":
        return Work(self.gets + other.gets, self.puts + other.puts, self.vcpu_seconds + other.vcpu_seconds)

    def __mul__(self, factor: float) -> "Work":
        return Work(self.gets * factor, self.puts * factor, self.vcpu_seconds * factor)


@dataclass(frozen=True, slots=True)
class Workload:
    """The work of the whole campaign, step by step."""

    text: Work
    index: Work
    join: Work
    reassembly: Work
    writing: Work

    @property
    def image(self) -> Work:
        """All that is done while image archives are restored."""
        return self.index + self.join + self.reassembly + self.writing


def network_seconds(amount: float) -> float:
    """Seconds in which one vCPU reads ``amount`` bytes from S3."""
    return amount / (prices.NETWORK.each * 1e6 * rates.NETWORK_SHARE.each)


def request_seconds(requests: float) -> float:
    """CPU seconds that ``requests`` cost the client."""
    return requests * rates.REQUEST.each * 1e-3


def walk_seconds(members: float) -> float:
    """CPU seconds to go over the headers of ``members`` in tar archives."""
    return members * rates.WALK.each * 1e-6


def sequential_read(archives: float, archive_bytes: float) -> Work:
    """Every byte of ``archives`` once, in blocks of 8 MiB."""
    gets = archives * math.ceil(archive_bytes / READ_BLOCK)
    return Work(gets=gets, vcpu_seconds=network_seconds(archives * archive_bytes) + request_seconds(gets))


def index_by_skipping(campaign: Campaign) -> Work:
    """An image index that asks for the header of each member and skips its body: a request for each member."""
    gets = campaign.dicoms
    return Work(gets=gets, vcpu_seconds=request_seconds(gets) + walk_seconds(gets) + network_seconds(gets * 512))


def index_by_reading(campaign: Campaign) -> Work:
    """An image index that reads its archives whole."""
    read = sequential_read(campaign.archives, campaign.image_archive_bytes)
    return read + Work(vcpu_seconds=walk_seconds(campaign.dicoms))


def requests_of(campaign: Campaign) -> float:
    """PUT requests that the output takes; a shard above 256 MiB takes its parts, one to begin and one to complete."""
    if campaign.layout is Layout.OBJECTS:
        return campaign.dicoms
    each = 1 if campaign.shard_bytes <= ONE_PUT else math.ceil(campaign.shard_bytes / PART) + 2
    return output_bytes(campaign) / campaign.shard_bytes * each


def output_bytes(campaign: Campaign) -> float:
    """Bytes that are written: the pixels, and the headers as DICOM instead of JSON."""
    return campaign.image_bytes + campaign.dicoms * campaign.header_bytes * rates.BINARY_RATIO.each


def workload(campaign: Campaign) -> Workload:
    """The work of each step, over the whole campaign."""
    reading = sequential_read(campaign.archives, campaign.image_archive_bytes)
    assembling = campaign.dicoms / rates.ASSEMBLE.each + campaign.image_bytes / (rates.COPY.each * 1e6)
    puts = requests_of(campaign)
    return Workload(
        text=_text(campaign),
        index=min(index_by_reading(campaign), index_by_skipping(campaign), key=dollars_of),
        join=_join(campaign),
        reassembly=reading + Work(vcpu_seconds=assembling),
        writing=Work(puts=puts, vcpu_seconds=request_seconds(puts)),
    )


def dollars_of(work: Work) -> float:
    """Dollars for the requests of ``work`` and for its vCPUs at the spot price."""
    requests = work.gets * prices.GET.each + work.puts * prices.PUT.each
    return requests + work.vcpu_seconds / 3600 * prices.SPOT.each


def _text(campaign: Campaign) -> Work:
    """Text archives read once: their index, and with tables their headers, sorted by UID and compressed."""
    read = sequential_read(campaign.archives, campaign.text_archive_bytes)
    work = read + Work(vcpu_seconds=walk_seconds(campaign.dicoms))
    if campaign.join is Join.RANGES:
        return work
    return work + Work(
        puts=table_bytes(campaign) / PART,
        vcpu_seconds=campaign.dicoms * campaign.header_bytes / (rates.TABLE_WRITE.each * 1e6),
    )


def _join(campaign: Campaign) -> Work:
    """Headers to the workers that hold their pixels.

    With tables, every wave reads all of them in the order of UIDs, beside its own sorted index, and sends the headers
    that it needs, once, to the worker of their image archive. With ranges, each header is one request.
    """
    headers = campaign.dicoms * campaign.header_bytes
    if campaign.join is Join.RANGES:
        return Work(campaign.dicoms, 0.0, request_seconds(campaign.dicoms) + network_seconds(headers))
    stored = table_bytes(campaign)
    wave = sequential_read(stored / PART, PART) + Work(vcpu_seconds=headers / (rates.TABLE_READ.each * 1e6))
    return wave * campaign.image_waves + Work(vcpu_seconds=network_seconds(headers))


def join_hours(campaign: Campaign, dicoms: float) -> float:
    """Hours in which one process joins the index of a wave of ``dicoms`` with that of all text archives."""
    rows = campaign.dicoms + dicoms
    return (rows * rates.JOIN.each + dicoms * rates.PAIRING.each) * 1e-6 / 3600


def pairs_bytes(campaign: Campaign) -> float:
    """Bytes that tell workers where the members of each pair lie."""
    return campaign.dicoms * rates.PAIR.each


def index_bytes(campaign: Campaign) -> float:
    """Size of the index: a row for each member of either kind."""
    return 2 * campaign.dicoms * rates.INDEX_ROW.each


def table_bytes(campaign: Campaign) -> float:
    """Size of the tables of headers, compressed."""
    return campaign.dicoms * campaign.header_bytes / rates.TABLE_RATIO.each
