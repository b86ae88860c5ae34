"""The three pages of a card, and the choice between making them and taking over the current generation's."""

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import psycopg

from orchestration.imaging.boxes import Area
from orchestration.stores import MissingObjectError, Place
from orchestration.stores.folder import file_digest
from orchestration.training_set.export.card.croissant import write_croissant
from orchestration.training_set.export.card.facts import Facts
from orchestration.training_set.export.card.page import PAGE, write_page
from orchestration.training_set.export.card.readme import README, write_readme
from orchestration.training_set.export.card.records import keep_thumbnails, kept_thumbnails
from orchestration.training_set.export.card.sheets import Tile, choose_tiles
from orchestration.training_set.export.card.thumbnails import ThumbnailTask, make_thumbnails
from orchestration.training_set.export.exported import ExportedScan
from orchestration.training_set.export.generation import (
    GENERATIONS,
    MANIFEST,
    Generation,
    GenerationFile,
    current_id,
    identified,
)
from orchestration.training_set.export.layout import CROISSANT
from orchestration.urls import parse_url
from orchestration.workers import WorkerLostError, Workers

PAGES = (README, CROISSANT, PAGE)


def current_with_pages(destination: Place, composed: Generation) -> Generation | None:
    """The composed generation with the pages of the current one, if that makes it the current one.

    The pages follow from ``card.json`` and the other files. So where all of these are the current generation's, its
    pages need not be made: their digests in its manifest are enough, and an id that comes out the same proves them.

    Args:
        destination: where the current generation is.
        composed: a generation without pages and without id.
    """
    current = current_id(destination)
    if current is None:
        return None
    try:
        manifest = json.loads(destination.read(f"{GENERATIONS}/{current}/{MANIFEST}")[0])
        pages = [GenerationFile.model_validate(file) for file in manifest["files"] if file["path"] in PAGES]
    except (MissingObjectError, ValueError, KeyError, TypeError):  # no manifest of ours: whoever publishes tells
        return None
    generation = _with_files(composed, pages)
    return generation if generation.id == current else None


def with_pages(
    folder: Path,
    composed: Generation,
    facts: Facts,
    scans: Sequence[ExportedScan],
    readers: Mapping[str, int],
    *,
    destination: Place,
    workers: Workers,
    connection: psycopg.Connection,
) -> tuple[Generation, list[str]]:
    """Write the pages into the folder of a composed generation, which then is whole and has an id.

    Args:
        folder: where the generation is composed.
        composed: without pages and without id.
        facts: what its ``card.json`` says.
        scans: its scans.
        readers: their numbers on the card.
        destination: holds their images.
        workers: make the thumbnails that are not kept.
        connection: to the table that keeps them.

    Returns:
        The generation, and the scans whose image could not be read, so that their tiles have no thumbnail.

    Raises:
        StoreError: the destination does not give an image.
    """
    tiles = choose_tiles(scans)
    shown = [tile for chosen in tiles.values() for tile in chosen]
    thumbnails = _thumbnails(shown, destination, workers, connection)
    files = composed.by_path()
    write_readme(folder, facts)
    write_croissant(folder, facts, files)
    write_page(folder, facts, tiles, thumbnails, readers)
    lost = sorted({tile.scan.scan_id for tile in shown if (tile.scan.scan_id, None) not in thumbnails})
    return _with_files(composed, [_described(folder, name) for name in PAGES]), lost


def _with_files(composed: Generation, pages: Sequence[GenerationFile]) -> Generation:
    files = sorted([*composed.files, *pages], key=lambda file: file.path)
    return identified(composed.model_copy(update={"files": files}))


def _described(folder: Path, name: str) -> GenerationFile:
    return GenerationFile(path=name, size_bytes=(folder / name).stat().st_size, sha256=file_digest(folder / name))


def _thumbnails(
    tiles: Collection[Tile], destination: Place, workers: Workers, connection: psycopg.Connection
) -> dict[tuple[str, Area | None], bytes]:
    """The thumbnails of the tiles by scan and area; none of an image that can't be read."""
    areas: dict[str, dict[Area | None, None]] = {}
    scans = {tile.scan.scan_id: tile.scan for tile in tiles}
    for tile in tiles:
        areas.setdefault(tile.scan.scan_id, {None: None})[tile.close_up] = None
    tasks = {scan_id: _task(scans[scan_id], list(wanted), destination) for scan_id, wanted in areas.items()}
    wanted = [key for task in tasks.values() for key in task.keys]
    kept = kept_thumbnails(connection, destination.url, wanted)
    missing = [(scan_id, task) for scan_id, task in tasks.items() if not kept.keys() >= set(task.keys)]
    made: dict[str, bytes] = {}
    for scan_id, outcome in workers.run(make_thumbnails, missing):
        if isinstance(outcome, Exception) and not isinstance(outcome, WorkerLostError):
            raise outcome
        if isinstance(outcome, list):
            made |= dict(zip(tasks[scan_id].keys, outcome, strict=True))
    if made:
        keep_thumbnails(connection, destination.url, made, wanted)
    known = kept | made
    return {
        (scan_id, area): known[key]
        for scan_id, task in tasks.items()
        for key, area in zip(task.keys, task.areas, strict=True)
        if key in known
    }


def _task(scan: ExportedScan, areas: Sequence[Area | None], destination: Place) -> ThumbnailTask:
    image = scan.clean
    root = parse_url(destination.url).folder
    source = destination if root is None else root / image.object
    return ThumbnailTask(source, image.object, image.sha256, image.sample_bits == 16, image.inverted, tuple(areas))
