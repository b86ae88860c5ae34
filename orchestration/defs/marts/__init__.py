"""The dbt project: models as assets, tests as checks."""
