"""The command ``plan`` as a person runs it."""

import json

import pytest
import typer
from typer.testing import CliRunner, Result

from orchestration.archives.planning import Campaign, PlanError, make_plan
from orchestration.cli import archives_plan

BILLIONS = ("--dicoms", "3e9", "--archives", "3e6", "--bytes", "3e15")


def run(*arguments: str) -> Result:
    app = typer.Typer()
    app.command()(archives_plan.plan)
    return CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})


def test_the_defaults_are_those_of_a_campaign() -> None:
    result = run(*BILLIONS, "--json")
    assert result.exit_code == 0, result.output
    plan = make_plan(Campaign())
    printed = json.loads(result.output)
    assert printed["campaign"]["dicoms"] == 3e9
    assert printed["expected"]["dollars"] == pytest.approx(plan.expected.dollars)
    assert printed["bound"]["hours"] == pytest.approx(plan.bound.hours)
    assert [step["name"] for step in printed["steps"]] == [step.name for step in plan.steps]


def test_every_option_reaches_the_campaign() -> None:
    options = {
        "header_bytes": 20e3, "cores": 600, "wave_bytes": 200e12, "days": 2, "tier": "standard", "layout": "objects",
        "shard_bytes": 5e8, "prefixes": 32, "join": "tables", "task_archives": 8,
    }  # fmt: skip
    arguments = [text for name, value in options.items() for text in (f"--{name.replace('_', '-')}", str(value))]
    printed = json.loads(run(*BILLIONS, "--json", *arguments).output)["campaign"]
    assert {name: printed[name] for name in options} == options


def test_the_table_shows_each_step_the_totals_and_what_comes_after() -> None:
    output = run(*BILLIONS).output
    plan = make_plan(Campaign())
    for step in plan.steps:
        assert step.name in output
    assert f"Expected: {plan.expected.hours / 24:.1f} days and {plan.expected.dollars:,.0f} dollars." in output
    assert f"Budget: {plan.bound.hours / 24:.1f} days and {plan.bound.dollars:,.0f} dollars." in output
    assert "dollars a month" in output


def test_a_simulation_and_the_other_choices_are_shown_on_request() -> None:
    output = run(*BILLIONS, "--simulate", "--seed", "3", "--compare").output
    assert "simulated 400 times with seed 3" in output
    for choice in ("an object for each DICOM", "shards of 268 MB", "standard", "a ranged GET for each header", "NAT"):
        assert choice in output


def test_a_simulation_is_part_of_the_json() -> None:
    printed = json.loads(run(*BILLIONS, "--simulate", "--json").output)
    hours = [printed["simulated"][f"percentile_{percent}"]["hours"] for percent in (5, 50, 95)]
    assert hours == sorted(hours)
    assert hours[-1] < printed["bound"]["hours"]


def test_a_small_campaign_can_be_compared_too() -> None:
    result = run("--dicoms", "20", "--archives", "4", "--bytes", "1e6", "--wave-bytes", "1e6", "--compare")
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    "arguments",
    [("--dicoms", "many", "--archives", "1", "--bytes", "1"), (*BILLIONS, "--tier", "expedited"), ("--dicoms", "3e9")],
)
def test_wrong_usage_is_exit_status_2(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2


@pytest.mark.parametrize("arguments", [("--cores", "0"), ("--bytes", "nan"), ("--wave-bytes", "1")])
def test_a_question_without_a_plan_is_an_error_that_ends_the_command(arguments: tuple[str, str]) -> None:
    # The root command turns it into one sentence and exit status 2.
    assert isinstance(run(*BILLIONS, *arguments).exception, PlanError)
