"""Clinical cases: four views from an Azure container, a report from an Azure table, found by id and year.

The index of the container and the reports are tables in the database (``tables.sql``), refreshed by one listing and
one reading; looking up a case lists nothing.
"""
