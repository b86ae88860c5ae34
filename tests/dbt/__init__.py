"""The dbt project, run whole against a real PostgreSQL and compared with an independent reading of the rule."""
