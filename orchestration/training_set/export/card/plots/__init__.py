"""The plots of ``index.html``: SVG as text, in colours that the page's style names, so that they follow light and dark.

Every function returns markup that is safe to put into a page: whatever is text has been escaped.
"""

from orchestration.training_set.export.card.plots.agreement import cells_bar, kappa_axis, kappa_interval_plot
from orchestration.training_set.export.card.plots.boxes import histogram, position_map
from orchestration.training_set.export.card.plots.flow import flow_plot
from orchestration.training_set.export.card.plots.sheets import tile_image
from orchestration.training_set.export.card.plots.sides import sides_bar

__all__ = [
    "cells_bar",
    "flow_plot",
    "histogram",
    "kappa_axis",
    "kappa_interval_plot",
    "position_map",
    "sides_bar",
    "tile_image",
]
