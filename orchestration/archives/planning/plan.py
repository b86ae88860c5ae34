"""The calculator: from a campaign to requests, dollars, hours and vCPU-hours, step by step, expected and at worst.

The expectation reckons with what usually goes wrong. The bound adds three standard deviations of the slow waves and the
lost instances, and copies that end as late as they can: it is what to budget.
"""

import math
from dataclasses import dataclass

from orchestration.archives.planning import prices, rates
from orchestration.archives.planning.campaign import Campaign, Join, PlanError
from orchestration.archives.planning.costs import Hours, Step, cost
from orchestration.archives.planning.risks import Risks
from orchestration.archives.planning.schedule import RESTORE_HOURS, Wave, WaveTimes, schedule, task_seconds, waves
from orchestration.archives.planning.work import output_bytes

# Standard deviations between what is expected and the bound: few waves make a skewed sum, so three rather than two.
DEVIATIONS = 3.0


@dataclass(frozen=True, slots=True)
class Total:
    """The whole campaign."""

    hours: float
    dollars: float
    vcpu_hours: float


@dataclass(frozen=True, slots=True)
class Plan:
    """What a campaign takes.

    Attributes:
        campaign: What was asked.
        steps: The expected cost, line by line; the dollars add up to ``expected.dollars``.
        waves: When each wave is asked for, back, and done, as expected; text first, then images, then the sweep.
        expected: Means.
        bound: What to budget.
        monthly_dollars: What the output costs afterwards, each month in S3 Standard.
    """

    campaign: Campaign
    steps: tuple[Step, ...]
    waves: tuple[WaveTimes, ...]
    expected: Total
    bound: Total
    monthly_dollars: float


def make_plan(campaign: Campaign, risks: Risks | None = None) -> Plan:
    """Plan ``campaign``.

    Raises:
        PlanError: The workers are too few to read a wave while its copies last.
    """
    risks = risks or Risks()
    planned = waves(campaign, risks)
    times = schedule(planned, 1 + risks.slow_chance * (risks.slow_factor - 1))
    _check_window(campaign, times)
    hours = times[-1].finished
    slow_waves = math.sqrt(len(planned) * risks.slow_chance * (1 - risks.slow_chance))
    late = DEVIATIONS * slow_waves * (risks.slow_factor - 1) * RESTORE_HOURS[campaign.tier][1]
    vcpu_hours, most = _paid_vcpu_hours(campaign, risks, planned)
    steps = cost(campaign, len(planned), _hours(campaign, hours, vcpu_hours, prices.EXPIRY_ROUNDING_HOURS / 2))
    worst = cost(campaign, len(planned), _hours(campaign, hours + late, most, prices.EXPIRY_ROUNDING_HOURS))
    return Plan(
        campaign,
        steps,
        tuple(times),
        Total(hours, sum(step.dollars for step in steps), vcpu_hours),
        Total(hours + late, sum(step.dollars for step in worst), most),
        prices.storage_dollars(prices.gb_months(output_bytes(campaign), prices.HOURS_A_MONTH)),
    )


def _hours(campaign: Campaign, total: float, vcpus: float, rounding: float) -> Hours:
    """Hours that are billed when copies outlive their days by ``rounding`` hours, on average, until midnight.

    With ranges, headers are read until the end, so text archives stay for the whole campaign.
    """
    kept = campaign.days * 24 + rounding
    text = kept if campaign.join is Join.TABLES else max(kept, total)
    return Hours(total=total, vcpus=vcpus, image_copies=kept, text_copies=text)


def _check_window(campaign: Campaign, times: list[WaveTimes]) -> None:
    """Copies may end as early as ``days`` times 24 hours after they came back; workers must have read them by then."""
    backlog = max(wave.finished - wave.restored for wave in times)
    if backlog > campaign.days * 24:
        raise PlanError(
            f"{campaign.cores:,.0f} cores are not done until {backlog:,.0f} hours after a wave is back, and its copies "
            f"may end {campaign.days * 24:,.0f} hours after: give more cores or days, or a smaller wave_bytes"
        )


def _paid_vcpu_hours(campaign: Campaign, risks: Risks, planned: list[Wave]) -> tuple[float, float]:
    """vCPU-hours from the start of the workers to the end of each wave: expected, and the bound.

    Each wave is slow or not by itself, and costs so much more when it is. With few waves one of them makes up most of
    the spread; then the bound has the costliest one slow.
    """
    usual = [time.finished - time.started for time in schedule(planned, 1)]
    slow = [time.finished - time.started for time in schedule(planned, risks.slow_factor)]
    more = [wave.vcpus * (late - early) for wave, early, late in zip(planned, usual, slow, strict=True)]
    least = sum(wave.vcpus * early for wave, early in zip(planned, usual, strict=True))
    expected = risks.slow_chance * sum(more)
    variance = risks.slow_chance * (1 - risks.slow_chance) * sum(extra**2 for extra in more)
    lost = _deviation_of_losses(campaign, risks, least)
    worst = max(expected + DEVIATIONS * math.sqrt(variance), max(more) * math.ceil(risks.slow_chance))
    return least + expected, least + worst + DEVIATIONS * lost


def _deviation_of_losses(campaign: Campaign, risks: Risks, vcpu_hours: float) -> float:
    """Standard deviation of the vCPU-hours that spot losses cost: the number of losses is a Poisson variable."""
    losses = risks.losses * vcpu_hours / prices.INSTANCE_VCPUS
    each = prices.INSTANCE_VCPUS * (task_seconds(campaign) / 2 + rates.REPLACEMENT.each) / 3600
    return math.sqrt(losses) * each
