"""What Dagster loads: all that the folders of ``defs/`` define, with the resources of the settings.

Loading reads the settings and dbt's manifest; it starts no process and needs no network.
"""

import dagster as dg

import orchestration.defs
from orchestration.defs.resources import make_resources
from orchestration.settings import Settings, load_settings


def definitions(settings: Settings) -> dg.Definitions:
    """The definitions with resources for these settings.

    A run is one process: each further one would spend seconds of importing on steps of which most take less.
    """
    return dg.load_definitions_from_package_module(
        orchestration.defs, resources=make_resources(settings), executor=dg.in_process_executor
    )


@dg.definitions
def defs() -> dg.Definitions:
    """The definitions for the settings of this process."""
    return definitions(load_settings())
