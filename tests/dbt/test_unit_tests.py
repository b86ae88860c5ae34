"""The unit tests of the models, which every other build leaves out: they need no data, so once is enough."""

import json
from pathlib import Path

from orchestration.database import Database
from tests.dbt.project import NO_TESTS, built, dbt
from tests.dbt.raw import DJANGO, write


def test_every_unit_test_of_the_models_passes(database: Database, dbt_target: Path) -> None:
    write(database, DJANGO, [], [])
    with database.tables("clinical"), database.tables("archives"), database.tables("inference"):
        pass  # the program makes them before it calls dbt
    built(database, dbt_target, *NO_TESTS, "--select", "*")  # a unit test reads the columns of its model's parents
    run = dbt(database, dbt_target, "test", "--select", "test_type:unit")
    unit_tests = json.loads((dbt_target / "manifest.json").read_text())["unit_tests"].values()
    assert unit_tests
    assert run.with_status("pass") == {unit_test["name"] for unit_test in unit_tests}, run.output
