"""The job that leads from the devices' files to the mart by device and day."""

import dagster as dg

from orchestration.defs.marts.assets import measurement_models, models_and_tests
from orchestration.defs.measurements.assets import measured_elements

measurements_job = dg.define_asset_job(
    "measurements_job",
    selection=models_and_tests(measurement_models) | dg.AssetSelection.assets(measured_elements),
    description="The devices' files that are new or changed, measured and stored, and the mart by device and day.",
)
