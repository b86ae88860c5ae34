"""The waves as they may go: restores that come back one after the other, lost workers, slow waves, archives that fail.

A simulation, not the plan's formulas again: every group of archives has its own moment of coming back, its own work and
its own end of the temporary copy, and workers take the groups in the order in which they come back. Numbers are drawn
from one seed, so that a run can be repeated.
"""

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from orchestration.archives.planning import prices, rates
from orchestration.archives.planning.campaign import Campaign, Join, Tier
from orchestration.archives.planning.costs import Hours, cost
from orchestration.archives.planning.plan import Total, make_plan
from orchestration.archives.planning.risks import Risks
from orchestration.archives.planning.schedule import RESTORE_HOURS, Wave, start_of_workers, task_seconds, waves

# Groups of archives that a wave is drawn as: fine enough that more of them change no result by a percent.
GROUPS: Final = 1000
# After so many sweeps what has not come back is put into the table of problems.
MAX_SWEEPS: Final = 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came out, run by run: arrays of shape (runs,).

    Attributes:
        hours: From the first request to the last DICOM.
        dollars: Everything but the output's storage.
        vcpu_hours: Paid for.
        late: Archives whose copy had ended before a worker came to them; they joined the next wave.
        quarantined: Archives that never succeeded.
    """

    hours: NDArray[np.float64]
    dollars: NDArray[np.float64]
    vcpu_hours: NDArray[np.float64]
    late: NDArray[np.float64]
    quarantined: NDArray[np.float64]

    def percentile(self, percent: float) -> Total:
        """The ``percent``-th percentile of each total, by itself."""
        hours, dollars, vcpus = (np.percentile(all_, percent) for all_ in (self.hours, self.dollars, self.vcpu_hours))
        return Total(float(hours), float(dollars), float(vcpus))


@dataclass(slots=True)
class _Run:
    """One run under way: ``midnight`` is the hour of the first midnight UTC, ``free`` when the workers are."""

    rng: np.random.Generator
    midnight: float
    requested: float = 0.0
    restored: float = 0.0
    free: float = 0.0
    vcpu_hours: float = 0.0
    text_copy_hours: float = 0.0
    image_copy_hours: float = 0.0
    missing: float = 0.0
    late: float = 0.0
    quarantined: float = 0.0


def simulate(campaign: Campaign, risks: Risks | None = None, *, seed: int = 0, runs: int = 200) -> Outcome:
    """Run ``campaign`` as it was planned ``runs`` times, in a world with ``risks``.

    Raises:
        PlanError: There is no plan for the campaign.
    """
    make_plan(campaign)
    planned = waves(campaign, Risks(missed=0.0))
    results = np.empty((5, runs))
    for index, rng in enumerate(np.random.default_rng(seed).spawn(runs)):
        run = _one_run(campaign, planned, risks or Risks(), rng)
        text_hours = run.text_copy_hours if campaign.join is Join.TABLES else max(run.text_copy_hours, run.free)
        hours = Hours(total=run.free, vcpus=run.vcpu_hours, image_copies=run.image_copy_hours, text_copies=text_hours)
        dollars = sum(step.dollars for step in cost(campaign, len(planned) + 1, hours))
        results[:, index] = run.free, dollars, run.vcpu_hours, run.late, run.quarantined
    return Outcome(*results)


def _one_run(campaign: Campaign, planned: list[Wave], risks: Risks, rng: np.random.Generator) -> _Run:
    """The waves of text and images that were ``planned``, one after the other, then sweeps for what is missing."""
    run = _Run(rng, midnight=rng.uniform(0, 24))
    for number, wave in enumerate(planned):
        copy_hours = _wave(campaign, _of(campaign, wave, wave.archives + run.missing), risks, run)
        if number < campaign.text_waves:
            run.text_copy_hours += copy_hours / campaign.text_waves
            _sweep_text(risks, run)
        else:
            run.image_copy_hours += copy_hours / campaign.image_waves
    first, last = RESTORE_HOURS[Tier.STANDARD]
    swept = replace(planned[-1], first=first, last=last)
    for _ in range(MAX_SWEEPS):
        if not run.missing:
            break
        run.requested = run.restored
        _wave(campaign, _of(campaign, swept, run.missing), risks, run)
    run.quarantined += run.missing
    return run


def _of(campaign: Campaign, wave: Wave, archives: float) -> Wave:
    """``wave`` as it would be with so many ``archives``."""
    factor = archives / wave.archives
    return replace(
        wave,
        archives=archives,
        vcpus=min(campaign.cores, math.ceil(archives / campaign.task_archives)),
        vcpu_hours=wave.vcpu_hours * factor,
        request_hours=wave.request_hours * factor,
    )


def _wave(campaign: Campaign, wave: Wave, risks: Risks, run: _Run) -> float:
    """One wave: moves ``run`` on and returns the hours for which its mean temporary copy is billed."""
    slow = risks.slow_factor if run.rng.random() < risks.slow_chance else 1.0
    groups = min(GROUPS, math.ceil(wave.archives / campaign.task_archives))
    asked = run.rng.uniform(0, wave.submit_hours, groups)
    back = np.sort(run.requested + asked + slow * run.rng.uniform(wave.first, wave.last, groups))
    usual_last = run.requested + wave.submit_hours + wave.last
    started = start_of_workers(wave, back[0], usual_last, run.free)
    poison = int(run.rng.binomial(int(wave.archives), risks.poison))
    work = _work(campaign, wave, risks, run.rng, poison)
    # Workers take the groups in the order in which they come back, and wait where there is none:
    # indexed[i] = max(indexed[i - 1], back[i]) + before[i], written without a loop.
    before = work * (1 - wave.joined_share)
    spent = np.cumsum(before)
    indexed = spent + np.maximum.accumulate(np.maximum(back, started) - (spent - before))
    done = indexed
    if wave.joined_share:
        done = indexed[-1] + wave.join_hours + np.cumsum(work * wave.joined_share)
    ends = _expiry(back, campaign.days, run.midnight)
    late = float(np.mean(done > ends)) * wave.archives
    run.late += late
    run.missing = run.rng.binomial(int(wave.archives), risks.missed) + late
    run.quarantined += poison
    spread, task_hours = rates.SPREAD.each, wave.vcpu_hours / wave.archives * min(campaign.task_archives, wave.archives)
    finished = done[-1] + task_hours * run.rng.lognormal(-(spread**2) / 2, spread, math.ceil(wave.vcpus)).max()
    run.vcpu_hours += wave.vcpus * (finished - started)
    run.restored = float(back[-1])
    run.requested, run.free = max(run.restored, run.free), float(finished)
    return float(np.mean(ends - back))


def _work(campaign: Campaign, wave: Wave, risks: Risks, rng: np.random.Generator, poison: int) -> NDArray[np.float64]:
    """Hours that all workers together need for each group, with what is lost, retried and tried in vain."""
    groups = min(GROUPS, math.ceil(wave.archives / campaign.task_archives))
    tasks = max(wave.archives / campaign.task_archives / groups, 1)
    spread = rates.SPREAD.each / math.sqrt(tasks)
    work = wave.vcpu_hours / groups * rng.lognormal(-(spread**2) / 2, spread, groups)
    again = rng.binomial(int(wave.archives), risks.retries) + poison * (rates.POISON_TRIES - 1)
    work += again / wave.archives * wave.vcpu_hours / groups
    instance = min(prices.INSTANCE_VCPUS, math.ceil(wave.vcpus))
    lost = rng.poisson(risks.losses * wave.vcpu_hours / instance)
    task_hours = task_seconds(campaign) / 3600
    lost_work = rng.random((lost, instance)).sum(axis=1) * task_hours + instance * rates.REPLACEMENT.each / 3600
    np.add.at(work, rng.integers(0, groups, lost), lost_work)
    # Where S3's request rates and not the vCPUs hold a wave up, all its work takes longer by the same factor.
    slowed = max(1.0, wave.request_hours * wave.vcpus / wave.vcpu_hours)
    return work * slowed / wave.vcpus


def _sweep_text(risks: Risks, run: _Run) -> None:
    """Text archives that did not come back are asked for again; images can't be joined before they are there."""
    ready, last = run.restored, RESTORE_HOURS[Tier.STANDARD][1]
    for _ in range(MAX_SWEEPS):
        if not run.missing:
            break
        run.missing = float(run.rng.binomial(int(run.missing), risks.missed))
        ready += last
    run.free = max(run.free, ready)
    run.quarantined += run.missing
    run.missing = 0.0


def _expiry(back: NDArray[np.float64], days: float, midnight: float) -> NDArray[np.float64]:
    """When copies end that came ``back`` then: the first midnight after ``days`` days."""
    return np.ceil((back + 24 * days - midnight) / 24) * 24 + midnight
