"""What an export adds to a build, to a build without changes, and what a second generation costs: 2,000 findings.

The findings lie on 500 scans of 3328 x 4096 pixels, each with all four labels, and on 2,000 scans with one label each,
which is the dearest case: each picture then needs a clean image of its own. The scans are here already, so that a
build is drawing and export alone: retrieval and models would only make the share smaller. 30 GB of the temporary folder
are used.
"""

import json
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path

from benchmarks.flow_setting import WORKERS, Project, database_server, fill_mart, make_images
from benchmarks.report import Row
from orchestration.database import Database
from orchestration.labels import LABELS
from orchestration.settings import load_settings
from orchestration.stores import Place, open_place
from orchestration.training_set.export.exporting import ExportReport, export, export_workers
from orchestration.training_set.export.selection import ExportOptions
from orchestration.training_set.export.splits import Rule
from orchestration.training_set.label_folder import build_label_folder, drawing_workers
from orchestration.training_set.manifest import write_manifest
from orchestration.training_set.scans import retrieve_scans
from tests.contracts import make_mart

FINDINGS = 2_000
RULE = Rule("doubleread", (0.7, 0.15, 0.15))
