"""The plan against the simulation of its waves, in the world that it reckons with and in worse ones."""

from dataclasses import replace

import numpy as np
import pytest

from orchestration.archives.planning import Campaign, Join, Layout, Outcome, Plan, Risks, Tier, make_plan, simulate

BILLIONS = Campaign()
TOTALS = ("hours", "dollars", "vcpu_hours")
CAMPAIGNS = {
    "shards": BILLIONS,
    "an object for each DICOM": replace(BILLIONS, layout=Layout.OBJECTS),
    "one prefix": replace(BILLIONS, layout=Layout.OBJECTS, prefixes=1, days=2),
    "sorted tables and large shards": replace(BILLIONS, join=Join.TABLES, shard_bytes=1e9, task_archives=16),
    "standard retrieval": replace(BILLIONS, tier=Tier.STANDARD, cores=1024),
    "small waves": replace(BILLIONS, wave_bytes=150e12, cores=288),
    "large waves": replace(BILLIONS, wave_bytes=500e12, cores=1024),
    "few workers": replace(BILLIONS, cores=300),
    "large tasks": replace(BILLIONS, task_archives=16),
}


def within(plan: Plan, outcome: Outcome, name: str) -> bool:
    """Whether 95 of 100 runs stay below the bound, the bound is no empty one, and the mean is as expected."""
    bound, mean = getattr(plan.bound, name), getattr(outcome, name).mean()
    most, median = (getattr(outcome.percentile(percent), name) for percent in (95, 50))
    return most <= bound <= 1.5 * median and abs(getattr(plan.expected, name) / mean - 1) < 0.03


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("campaign", CAMPAIGNS.values(), ids=CAMPAIGNS)
def test_the_plan_holds_in_the_world_that_it_reckons_with(campaign: Campaign, seed: int) -> None:
    plan, outcome = make_plan(campaign), simulate(campaign, seed=seed)
    assert {name: within(plan, outcome, name) for name in TOTALS} == dict.fromkeys(TOTALS, True)


@pytest.mark.parametrize(
    ("world", "broken"),
    [
        (Risks(slow_chance=0.5), "hours"),
        (Risks(slow_factor=3), "hours"),
        (Risks(losses=0.5), "vcpu_hours"),
        (Risks(losses=10), "dollars"),
        (Risks(retries=0.2), "vcpu_hours"),
        (Risks(poison=0.05), "vcpu_hours"),
        (Risks(missed=0.2), "hours"),
    ],
    ids=str,
)
def test_a_worse_world_breaks_the_plan(world: Risks, broken: str) -> None:
    assert not within(make_plan(BILLIONS), simulate(BILLIONS, world, seed=1), broken)


@pytest.mark.parametrize("name", ["losses", "retries", "slow_chance"])
def test_a_plan_that_forgets_a_risk_is_broken_by_the_world(name: str) -> None:
    # Four times the usual risk, so that what is forgotten is more than the 3 % that the mean may be off.
    world = replace(Risks(), **{name: 4 * getattr(Risks(), name)})
    forgetful = make_plan(BILLIONS, replace(world, **{name: 0.0}))
    total = "hours" if name == "slow_chance" else "vcpu_hours"
    outcome = simulate(BILLIONS, world, seed=1)
    knowing = make_plan(BILLIONS, world)
    off = {plan: getattr(plan.expected, total) / getattr(outcome, total).mean() - 1 for plan in (knowing, forgetful)}
    assert abs(off[knowing]) < 0.03
    assert off[forgetful] < off[knowing]


def test_a_world_without_accidents_takes_what_the_restores_take() -> None:
    calm = Risks(losses=0, retries=0, poison=0, missed=0, slow_chance=0)
    outcome = simulate(BILLIONS, calm, seed=1, runs=20)
    restores = (3_000 + 12 * 250) / 3600 + 13 * 12
    # The last of 250,000 archives is hardly ever later than 12 hours, and 512 vCPUs read the last wave once more.
    last = restores + 250e12 / (512 * 48.8e6 * 0.7) / 3600 + 0.77  # and one process joins it
    assert np.all((last - 2 < outcome.hours) & (outcome.hours < last + 2))
    assert not outcome.late.any()
    assert not outcome.quarantined.any()


def test_poison_archives_are_quarantined_and_the_rest_is_done() -> None:
    outcome = simulate(BILLIONS, Risks(poison=1e-3), seed=1)
    # 6 million archives, one in a thousand.
    assert outcome.quarantined.mean() == pytest.approx(6_000, rel=0.02)
    assert outcome.quarantined.std() == pytest.approx(np.sqrt(6_000), rel=0.2)


def test_copies_that_end_too_early_are_asked_for_again() -> None:
    slow_work = Risks(losses=8)
    outcome = simulate(replace(BILLIONS, cores=300), slow_work, seed=1, runs=50)
    assert outcome.late.mean() > 1000
    assert np.all(outcome.hours > make_plan(BILLIONS).bound.hours)


def test_a_seed_gives_the_same_numbers_and_another_seed_others() -> None:
    first, again, other = (simulate(BILLIONS, seed=seed, runs=20) for seed in (5, 5, 6))
    assert np.array_equal(first.dollars, again.dollars)
    assert np.array_equal(first.hours, again.hours)
    assert not np.array_equal(first.dollars, other.dollars)
