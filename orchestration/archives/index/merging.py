"""Keeping the runs of an index few, each much longer than all that are shorter (a log-structured merge tree)."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from orchestration.archives.index.manifest import Manifest
from orchestration.archives.index.runs import Run, RunReader, merged, write_run
from orchestration.archives.index.tables import MEMBERS, TABLES, TableForm
from orchestration.stores import Place

# While an update goes on, as many runs of about one length are merged into one: each row is then written once more
# for each factor of 16 in the index's size, and no merge holds more than a few dozen row groups.
RUNS_OF_A_LENGTH = 16
# When it ends, a run stays by itself if it has this many times the rows of all shorter ones together.
FACTOR = 8


def merge_while_updating(place: Place, manifest: Manifest) -> Manifest:
    """The manifest with those runs merged of which there are many of one length."""
    for form in TABLES:
        runs = manifest.runs[form.name]
        lengths: dict[int, list[Run]] = {}
        for run in runs:
            lengths.setdefault(run.rows.bit_length() // 4, []).append(run)
        for alike in lengths.values():
            if len(alike) >= RUNS_OF_A_LENGTH:
                manifest = _merge(place, manifest, form, alike)
    return manifest


def merge_at_the_end(place: Place, manifest: Manifest) -> Manifest:
    """The manifest with few runs, and without dropped rows where these have become many."""
    rows = sum(run.rows for run in manifest.runs[MEMBERS.name])
    clean = bool(manifest.dropped) and sum(manifest.dropped.values()) * FACTOR >= rows
    for form in TABLES:
        runs = manifest.runs[form.name]
        chosen = list(runs) if clean else _too_short(runs)
        if chosen:
            manifest = _merge(place, manifest, form, chosen, without=manifest.dropped if clean else ())
    return replace(manifest, dropped={}) if clean else manifest


def _too_short(runs: Sequence[Run]) -> list[Run]:
    ordered = sorted(runs, key=lambda run: run.rows)
    shorter, count = 0, 0
    for number, run in enumerate(ordered, start=1):
        if shorter and run.rows < FACTOR * shorter:
            count = number
        shorter += run.rows
    return ordered[:count]


def _merge(
    place: Place, manifest: Manifest, form: TableForm, runs: Sequence[Run], *, without: Iterable[int] = ()
) -> Manifest:
    """The manifest with one run in place of some, without the rows of some archives."""
    reader = RunReader(place, form)
    tables = merged([reader.scan(run) for run in runs], form)
    if without:
        dropped = pa.array(without, pa.int64())
        tables = (table.filter(pc.invert(pc.is_in(table["archive_id"], dropped))) for table in tables)
    one = write_run(place, form, tables)
    return manifest.with_runs(form.name, [*(run for run in manifest.runs[form.name] if run not in runs), one])
