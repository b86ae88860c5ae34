"""dbt's folder for tests that build models of their own."""

from tests.dbt.conftest import dbt_target  # noqa: F401  a fixture
