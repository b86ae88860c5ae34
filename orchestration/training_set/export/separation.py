"""Whether the sides of a published generation keep patients apart, by what the database knows of them today."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from orchestration.database import Database
from orchestration.stores import Place
from orchestration.stores.parquet import read_table
from orchestration.training_set.export.generation import current_id, read_generation
from orchestration.training_set.export.layout import SCANS
from orchestration.training_set.export.splits import StudyPatients, group_studies, two_sided

_PATIENTS = """
    select scan.study_id, 'patient ' || scan.patient_id
    from marts.trainable_scans as scan
    where scan.patient_id is not null
    union
    select scan.study_id, 'digest ' || image.patient_digest
    from marts.trainable_scans as scan
    inner join doubleread.clean_images as image on image.png_image = scan.png_image
    where image.patient_digest is not null and image.destination = %s
"""


def divided_patients(database: Database, destination: Place) -> list[list[str]]:
    """The studies of each patient who is on more than one side of the current generation; nothing names the patient.

    Raises:
        GenerationError: the current generation can't be read.
        StoreError: the destination does not answer.
    """
    if current_id(destination) is None:
        return []
    generation = read_generation(destination)
    file = generation.by_path()[SCANS]
    data, _ = destination.read(generation.location(file, is_remote=destination.is_remote))
    table = read_table(data, ["study_id", "side"])
    sides = dict(zip(table["study_id"].to_pylist(), table["side"].to_pylist(), strict=True))
    with database.tables("training_set") as connection:
        rows = [row for row in connection.execute(_PATIENTS, [destination.url]) if row[0] in sides]
    divided = two_sided((patient, sides[study]) for study, patient in rows)
    return sorted(sorted(study for study, patient in rows if patient == one) for one in divided)


def known_groups(database: Database) -> tuple[Mapping[str, str], Mapping[str, Sequence[str]]]:
    """The key of the group of each study that has findings, and the studies of each label."""
    query = """
        select distinct finding.label, scan.study_id, scan.patient_id, image.patient_digest
        from marts.double_matched_findings as finding
        inner join marts.trainable_scans as scan on scan.scan_id = finding.scan_id
        left join doubleread.clean_images as image on image.png_image = scan.png_image
        order by finding.label, scan.study_id
    """
    labels: dict[str, dict[str, None]] = defaultdict(dict)
    known: dict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    with database.tables("training_set") as connection:
        for label, study, patient, digest in connection.execute(query):
            labels[label][study] = None
            patients, digests = known[study]
            patients |= {patient} if patient else set()
            digests |= {digest} if digest else set()
    groups = group_studies(
        StudyPatients(study, frozenset(ids), frozenset(hashes)) for study, (ids, hashes) in known.items()
    )
    return {study: group.key for study, group in groups.items()}, {label: list(of) for label, of in labels.items()}
