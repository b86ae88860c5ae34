"""The waves: what each asks of the workers, and when it is asked for, back, and done, in hours from the beginning.

At most two waves are out at a time: while one is worked on, the next is being restored. The next is asked for when one
is back and the one before it is done, so that what is restored and not yet read stays below two waves. Image archives
that do not come back join the next wave; those of the last, and text archives, are asked for again by standard
retrieval. Image archives are indexed as they come back; when all of a wave are, one process joins their index with that
of the text, and then the workers reassemble.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import NormalDist

from orchestration.archives.planning import prices, rates
from orchestration.archives.planning.campaign import Campaign, Tier
from orchestration.archives.planning.risks import Risks
from orchestration.archives.planning.work import Work, join_hours, workload

# Hours after which the first and the last archives of a wave usually come back.
RESTORE_HOURS = {
    Tier.BULK: (prices.BULK_FIRST.each, prices.BULK_LAST.each),
    Tier.STANDARD: (prices.STANDARD_FIRST.each, prices.STANDARD_LAST.each),
}


@dataclass(frozen=True, slots=True)
class Wave:
    """One wave, as planned.

    Attributes:
        archives: How many are asked for.
        vcpus: How many work on it: no more than it has tasks.
        vcpu_hours: Its work, before anything goes wrong.
        request_hours: Until S3 has taken and given all its requests, at its rate on so many prefixes.
        hours: Until its workers are done with it, all archives being there, with what usually goes wrong.
        task_hours: The slowest of the tasks that are worked on at a time, each on one vCPU: a wave ends with it.
        first: Hours until the first archive is back.
        last: Hours until the last one is, the account's rate of requests not counted.
        sweep: Hours after that until those that did not come back are there too, where the next wave needs them.
        join_hours: Of one process, in which the workers wait.
        joined_share: Of the work, what can only be done after the join.
    """

    archives: float
    vcpus: float
    vcpu_hours: float
    request_hours: float
    hours: float
    task_hours: float
    first: float
    last: float
    sweep: float = 0.0
    join_hours: float = 0.0
    joined_share: float = 0.0

    @property
    def submit_hours(self) -> float:
        """Hours until the last archive is asked for, at the account's rate of restore requests."""
        return self.archives / prices.RESTORE_LIMIT.each / 3600


@dataclass(frozen=True, slots=True)
class WaveTimes:
    """When a wave is asked for, is back as a whole, gets its workers, and is done."""

    requested: float
    restored: float
    started: float
    finished: float


def waves(campaign: Campaign, risks: Risks) -> list[Wave]:
    """Text waves, image waves, and a sweep for what did not come back with the last."""
    load = workload(campaign)
    overhead = risks.overhead(task_seconds(campaign))

    def wave(
        work: Work, share: float, hours: tuple[float, float], sweep: float = 0.0, joined: tuple[float, float] = (0, 0)
    ) -> Wave:
        archives = campaign.archives * share
        vcpus = min(campaign.cores, math.ceil(archives / campaign.task_archives))
        part = work * share
        requests = max(part.puts / prices.PUT_LIMIT.each, part.gets / prices.GET_LIMIT.each) / campaign.prefixes / 3600
        task = work.vcpu_seconds / campaign.archives * min(campaign.task_archives, archives) / 3600 * slowest_of(vcpus)
        vcpu_hours = part.vcpu_seconds / 3600
        hours_of_work = max(vcpu_hours / vcpus, requests) * overhead
        return Wave(archives, vcpus, vcpu_hours, requests, hours_of_work, task, *hours, sweep, *joined)

    usual, (swept_first, swept_last) = RESTORE_HOURS[campaign.tier], RESTORE_HOURS[Tier.STANDARD]
    text_share, image_share = 1 / campaign.text_waves, 1 / campaign.image_waves
    text_sweep = swept_last * sweeps(campaign.archives * text_share, risks.missed)
    image_sweep = swept_last * sweeps(campaign.archives * image_share, risks.missed)
    text = wave(load.text, text_share, usual, text_sweep)
    after_join = (load.image.vcpu_seconds - load.index.vcpu_seconds) / load.image.vcpu_seconds
    joined = (join_hours(campaign, campaign.dicoms * image_share), after_join)
    image = wave(load.image, image_share, usual, joined=joined)
    planned = [text] * campaign.text_waves + [image] * campaign.image_waves
    if risks.missed:
        planned.append(wave(load.image, image_share * risks.missed, (swept_first, image_sweep), joined=joined))
    return planned


def task_seconds(campaign: Campaign) -> float:
    """vCPU-seconds of one task on image archives: so much a lost vCPU does again at most."""
    return workload(campaign).image.vcpu_seconds / campaign.archives * campaign.task_archives


def slowest_of(tasks: float) -> float:
    """How many times the mean the slowest of so many log-normal tasks takes, by Blom's rank of the largest."""
    rank = NormalDist().inv_cdf((tasks - 0.375) / (tasks + 0.25))
    return math.exp(rates.SPREAD.each * (rank - rates.SPREAD.each / 2))


def sweeps(archives: float, missed: float) -> float:
    """How many times, on average, what did not come back must be asked for again until nothing is missing."""
    expected, tries = archives * missed, 0.0
    while expected > 1e-6:
        tries += -math.expm1(-expected)
        expected *= missed
    return tries


def start_of_workers(wave: Wave, first: float, usual_last: float, free: float) -> float:
    """When workers take up a wave.

    Not before its first archive is back or before they are free, and so late that what can be done before the join
    usually ends with the last archive instead of waiting for it.
    """
    return max(first, free, usual_last - wave.hours * (1 - wave.joined_share))


def schedule(planned: Iterable[Wave], factor: float) -> list[WaveTimes]:
    """The times of all waves, one after the other, when restores take ``factor`` times their usual hours."""
    times: list[WaveTimes] = []
    requested = free = 0.0
    for wave in planned:
        asked = requested + wave.submit_hours
        restored = asked + wave.last * factor
        started = start_of_workers(wave, requested + wave.first * factor, asked + wave.last, free)
        # Archives come back evenly between the first and the last, so workers that start as above never starve.
        indexed = max(restored, started + wave.hours * (1 - wave.joined_share))
        finished = indexed + wave.join_hours + wave.hours * wave.joined_share + wave.task_hours
        times.append(WaveTimes(requested, restored, started, finished))
        requested, free = max(restored, free), max(finished, restored + wave.sweep * factor)
    return times
