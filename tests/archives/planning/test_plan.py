"""The calculator against sums done by hand, and against what must hold for any campaign."""

import math
from dataclasses import fields, replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from orchestration.archives.index.member_reader import SPAN_BYTES
from orchestration.archives.planning import (
    Campaign,
    Join,
    Layout,
    Plan,
    PlanError,
    Risks,
    Tier,
    make_plan,
    prices,
    rates,
)
from orchestration.archives.planning.comparisons import skipping_pays_above
from orchestration.archives.planning.figure import Figure
from orchestration.archives.planning.work import ONE_PUT, READ_BLOCK, join_hours
from orchestration.archives.reassembly.joining import BATCH_BYTES
from orchestration.archives.reassembly.packing import SHARD_BYTES
from orchestration.archives.tar import REMOTE_READ_AHEAD

BILLIONS = Campaign()
CALM = Risks(losses=0, retries=0, poison=0, missed=0, slow_chance=0)


@st.composite
def campaigns(draw: st.DrawFn) -> Campaign:
    """Campaigns of a thousand to ten million archives whose workers keep up with what is restored."""
    archives = draw(st.integers(1_000, 10_000_000))
    members = draw(st.integers(1, 5_000))
    image_bytes = archives * members * draw(st.floats(10e3, 20e6))
    wave_bytes = image_bytes / draw(st.integers(1, 20))
    campaign = Campaign(
        dicoms=archives * members,
        archives=archives,
        image_bytes=image_bytes,
        header_bytes=draw(st.floats(1e3, 50e3)),
        cores=min(10**6, math.ceil(wave_bytes / 250e12 * 512 * draw(st.floats(0.7, 4))) + 32),
        wave_bytes=wave_bytes,
        days=draw(st.integers(1, 5)),
        tier=draw(st.sampled_from(Tier)),
        layout=draw(st.sampled_from(Layout)),
        shard_bytes=draw(st.floats(100e6, 4e9)),
        prefixes=draw(st.integers(16, 64)),
        join=draw(st.sampled_from(Join)),
        task_archives=draw(st.integers(1, 32)),
    )
    assume(_planned(campaign) is not None)
    return campaign


def _planned(campaign: Campaign, risks: Risks | None = None) -> Plan | None:
    try:
        return make_plan(campaign, risks)
    except PlanError:
        return None


def dollars(plan: Plan, name: str) -> float:
    (found,) = (step.dollars for step in plan.steps if step.name == name)
    return found


def test_a_put_for_each_of_three_billion_objects_costs_15_000_dollars_and_ten_days_on_one_prefix() -> None:
    one_prefix = replace(BILLIONS, layout=Layout.OBJECTS, prefixes=1, days=2)
    # 3e9 PUT at 0.005 dollars a thousand; the CPU time for them, 117 vCPU-hours, adds less than 3 dollars.
    assert dollars(make_plan(one_prefix), "writing") == pytest.approx(15_000, abs=3)
    # 3e9 / 3,500 a second are 238 hours, and the text comes before them.
    assert 238 < make_plan(one_prefix).expected.hours < 238 + 48


def test_shards_of_a_gigabyte_cost_17_requests_each() -> None:
    # 1e9 bytes are 15 parts of 64 MiB, one request to begin and one to complete: 17 requests for each of 3,012,000.
    (writing,) = (step for step in make_plan(replace(BILLIONS, shard_bytes=1e9)).steps if step.name == "writing")
    assert writing.requests == pytest.approx(17 * 3_012_000, rel=1e-6)


def test_shards_as_they_are_built_are_one_request_each() -> None:
    (writing,) = (step for step in make_plan(BILLIONS).steps if step.name == "writing")
    assert writing.requests == pytest.approx(3.012e15 / 2**28)


def test_the_defaults_are_what_is_built() -> None:
    assert BILLIONS.shard_bytes == ONE_PUT == SHARD_BYTES
    assert READ_BLOCK == REMOTE_READ_AHEAD == SPAN_BYTES
    assert BILLIONS.task_archives == max(1, BATCH_BYTES // BILLIONS.image_archive_bytes)
    assert BILLIONS.join is Join.RANGES


def test_one_process_joins_a_wave_with_all_text_before_the_wave_is_reassembled() -> None:
    # 3.25 billion rows at 0.7 µs and 250 million pairs at 2 µs are 2,775 seconds.
    assert join_hours(BILLIONS, 250e6) == pytest.approx(2_775 / 3600)
    wave = make_plan(BILLIONS, CALM).waves[1]
    reading = 250e12 / (512 * 48.8e6 * 0.7) / 3600
    assert wave.finished - wave.restored > join_hours(BILLIONS, 250e6) + reading


def test_asking_for_six_million_archives_by_bulk_retrieval_costs_next_to_nothing() -> None:
    # 14 jobs at 0.25; 6 million objects at 1 dollar a million; listing them 0.015; 18 million SQS requests at 0.40.
    assert dollars(make_plan(BILLIONS), "asking for archives") == pytest.approx(3.5 + 6 + 0.015 + 7.2)


def test_asking_for_them_by_standard_retrieval_costs_a_cent_a_gigabyte() -> None:
    standard = make_plan(replace(BILLIONS, tier=Tier.STANDARD))
    # 3e15 and 32.3e12 bytes are 2,824,045 GB; 6 million requests at 0.05 a thousand are 300 dollars.
    assert dollars(standard, "asking for archives") == pytest.approx(28_240 + 300 + 16.7, rel=1e-3)
    assert standard.expected.hours < make_plan(BILLIONS).expected.hours


def test_three_petabytes_cost_what_the_price_list_says() -> None:
    # 2,793,968 GB for 7 days are 642,995 GB-months: 51,200 at 0.023, 460,800 at 0.022, the rest at 0.021.
    week = prices.storage_dollars(prices.gb_months(3e15, 7 * 24))
    assert week == pytest.approx(51_200 * 0.023 + 460_800 * 0.022 + 130_995 * 0.021, rel=1e-5)
    assert make_plan(BILLIONS).monthly_dollars == pytest.approx(59_471, rel=1e-4)


def test_a_text_archive_holds_its_headers_and_what_tar_adds() -> None:
    # 1,000 headers of 10,000 bytes, each after 512 bytes of tar's and padded to the next 512, 256 on average.
    assert BILLIONS.text_archive_bytes == 1_000 * (10_000 + 512 + 256)


def test_the_restores_take_as_long_as_twelve_waves_of_twelve_hours_and_one_of_text() -> None:
    calm = make_plan(BILLIONS, CALM)
    # 3 million text archives are asked for in 3,000 seconds, 250,000 image archives in 250, and 12 hours later the
    # last is back; one process joins the last wave, 512 vCPUs read its 250 TB once more, and the rest is half an hour.
    restores = (3_000 + 12 * 250) / 3600 + 13 * 12
    reading = 250e12 / (512 * 48.8e6 * 0.7) / 3600
    after = join_hours(BILLIONS, 250e6) + reading
    assert restores + after <= calm.expected.hours <= restores + after + 0.5
    assert calm.bound.hours == calm.expected.hours


def test_reading_three_petabytes_twice_takes_the_network_of_512_cores_a_hundred_hours() -> None:
    # 6e15 bytes at 48.8 MB/s and 70 % of it are 48,790 vCPU-hours.
    vcpu_hours = sum(step.vcpu_hours for step in make_plan(BILLIONS, CALM).steps if step.name.startswith("images"))
    assert vcpu_hours == pytest.approx(48_790, rel=0.02)


def test_large_members_are_skipped_and_small_ones_are_read() -> None:
    threshold = skipping_pays_above()
    assert 1.5e6 < threshold < 3e6
    for factor, requests in ((0.5, 3e6 * math.ceil(threshold * 500 / 2**23)), (2, 3e9)):
        campaign = replace(BILLIONS, image_bytes=threshold * factor * 3e9, wave_bytes=threshold * factor * 3e9 / 12)
        campaign = replace(campaign, cores=4096)
        (index,) = (step for step in make_plan(campaign).steps if step.name == "images: index")
        assert index.requests == pytest.approx(requests, rel=0.01)


def test_ranges_keep_the_text_for_the_whole_campaign() -> None:
    ranges, tables = (dollars(make_plan(replace(BILLIONS, join=join)), "temporary copies") for join in Join)
    # 32.3 TB for 172 instead of 36 hours.
    more = 32.3e12 / 2**30 * (172 - 36) / 730 * 0.022
    assert ranges - tables == pytest.approx(more, rel=0.05)


@given(campaigns())
def test_a_plan_adds_up(campaign: Campaign) -> None:
    plan = make_plan(campaign)
    assert sum(step.dollars for step in plan.steps) == pytest.approx(plan.expected.dollars)
    assert sum(step.vcpu_hours for step in plan.steps) == pytest.approx(plan.expected.vcpu_hours)
    assert all(step.dollars >= 0 and step.requests >= 0 and step.vcpu_hours >= 0 for step in plan.steps)
    for name in ("hours", "dollars", "vcpu_hours"):
        assert getattr(plan.expected, name) <= getattr(plan.bound, name)


@given(campaigns())
def test_waves_follow_each_other_and_no_copy_ends_before_it_is_read(campaign: Campaign) -> None:
    plan = make_plan(campaign)
    assert len(plan.waves) == campaign.text_waves + campaign.image_waves + 1
    for wave in plan.waves:
        assert wave.requested < wave.started < wave.finished
        assert wave.requested < wave.restored < wave.finished <= wave.restored + 24 * campaign.days
    for before, after in zip(plan.waves, plan.waves[1:], strict=False):
        assert after.requested >= before.restored
        assert after.started >= before.finished
    # Never more than two waves are out.
    for first, third in zip(plan.waves, plan.waves[2:], strict=False):
        assert third.requested >= first.finished


@given(campaigns(), st.sampled_from(["losses", "retries", "poison", "slow_chance"]))
def test_nothing_goes_better_when_more_goes_wrong(campaign: Campaign, name: str) -> None:
    calm, worse = _planned(campaign, CALM), _planned(campaign, replace(CALM, **{name: 0.2}))
    assume(calm is not None and worse is not None)
    for total in ("hours", "dollars", "vcpu_hours"):
        assert getattr(worse.expected, total) >= getattr(calm.expected, total) * (1 - 1e-9)
    assert worse.expected.dollars > calm.expected.dollars


@given(campaigns(), st.sampled_from(["image_bytes", "header_bytes", "days"]))
def test_more_of_anything_costs_more(campaign: Campaign, name: str) -> None:
    more = _planned(replace(campaign, **{name: getattr(campaign, name) * 2}))
    assume(more is not None)
    assert more.expected.dollars > make_plan(campaign).expected.dollars


@pytest.mark.parametrize("name", [field.name for field in fields(Campaign) if field.type in (float, "float")])
@pytest.mark.parametrize("value", [0, -1, math.nan, math.inf, 1e19])
def test_an_input_that_is_no_quantity_is_named(name: str, value: float) -> None:
    with pytest.raises(PlanError, match=f"{name} is "):
        replace(BILLIONS, **{name: value})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"cores": 1.5}, "cores is 1.5: give a whole number"),
        ({"dicoms": 100}, "some would be empty"),
        ({"image_bytes": 1e9}, "less than a byte for each"),
        ({"wave_bytes": 1e6}, "give a larger wave_bytes"),
        ({"wave_bytes": 1e12}, "waves are more than"),
    ],
)
def test_inputs_that_contradict_each_other_are_refused(changes: dict[str, float], said: str) -> None:
    with pytest.raises(PlanError, match=said):
        replace(BILLIONS, **changes)


def test_too_few_workers_for_the_life_of_a_copy_are_refused_and_more_days_help() -> None:
    few = replace(BILLIONS, cores=64)
    with pytest.raises(PlanError, match=r"64 cores are not done until .* give more cores or days"):
        make_plan(few)
    assert make_plan(replace(few, days=6)).expected.hours > make_plan(BILLIONS).expected.hours


def test_every_price_limit_and_rate_names_its_source_and_date() -> None:
    for module, tables in ((prices, (prices.PRICES, prices.LIMITS)), (rates, (rates.MEASURED, rates.ASSUMED))):
        defined = [value for value in vars(module).values() if isinstance(value, Figure)]
        listed = [figure for table in tables for figure in table]
        assert listed
        assert sorted(map(id, defined)) == sorted(map(id, listed)), "each is in exactly one table"
        for figure in listed:
            assert figure.source.startswith("https://") or figure.source in ("docs/performance.md", "assumed")
            assert figure.date.startswith("2026-")
