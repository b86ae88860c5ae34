"""Why two versions differ: what the database knows of what each was made with, and of the readings in between."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from orchestration.database import Database
from orchestration.training_set.export.publications import NO_MOMENT, VersionRecord, version_records
from orchestration.training_set.versions.causes import Cause, Causes, find_causes
from orchestration.training_set.versions.comparing import Setting, VersionDiff, VersionFinding, VersionScan

NO_DATABASE = "causes are not known: they need the database that the versions were made from"

# The raw tables' types say how to read the history; another type changes no finding.
_NO_CAUSE = {"raw_types"}


@dataclass(frozen=True)
class Explanation:
    """Why two versions differ.

    Attributes:
        note: why the readings behind the differences are not known; None where they are.
        settings: what the two were made with and differs, besides what their manifests say.
        causes: what changed in the raw tables of the studies that differ.
        no_image: scans that were left out of the one or the other, since they had no image.
    """

    note: str | None = None
    settings: Sequence[Setting] = ()
    causes: Causes = field(default_factory=lambda: Causes([]))
    no_image: frozenset[str] = frozenset()

    def of_finding(self, finding: VersionFinding, *, gained: bool) -> Sequence[Cause]:
        """The changes behind a finding that was added, or removed."""
        return self.causes.of_label(finding.study_id, finding.label, gained=gained)

    def of_picture(self, finding: VersionFinding) -> Sequence[Cause]:
        """The changes behind a finding that was redrawn."""
        return self.causes.of_picture(finding.study_id, finding.label, finding.scan_id)

    def of_scan(self, scan: VersionScan) -> Sequence[Cause]:
        """The changes behind a scan that has another role, or was added or removed."""
        return self.causes.of_study(scan.study_id)


def explain(database: Database | None, destination: str, diff: VersionDiff) -> Explanation:
    """Find out why two versions differ.

    Args:
        database: the one that the versions were made from; None where there is none.
        destination: where they were published; versions published elsewhere are known as well.
        diff: what differs.
    """
    if database is None:
        return Explanation(NO_DATABASE)
    records = version_records(database, [diff.before, diff.after])
    after = _latest(records, diff.after, destination)
    before = _latest(
        [one for one in records if after is None or one.published_at <= after.published_at], diff.before, destination
    ) or _latest(records, diff.before, destination)
    if before is None or after is None:
        unknown = diff.before if before is None else diff.after
        return Explanation(f"causes are not known: this database has no record of version {unknown}")
    settings = _settings(before, after)
    no_image = frozenset(before.left_out) ^ frozenset(after.left_out)
    if before.as_of is None or after.as_of is None:
        unknown = diff.before if before.as_of is None else diff.after
        note = f"the readings behind it can't be told; of version {unknown} {NO_MOMENT}"
        return Explanation(note, settings, no_image=no_image)
    with database.connect() as connection:
        connection.execute("set local timezone to 'UTC'")
        if connection.execute("select to_regclass('history.annotation_history')").fetchone() == (None,):
            note = "the readings behind it are not known: the history of the raw tables was removed"
            return Explanation(note, settings, no_image=no_image)
        studies = {finding.study_id for finding in (*diff.added, *diff.removed)}
        studies |= {finding.study_id for _, finding in diff.redrawn}
        studies |= {scan.study_id for scan in (*diff.scans_added, *diff.scans_removed)}
        studies |= {scan.study_id for _, scan in (*diff.roles, *diff.sides)}
        return Explanation(None, settings, find_causes(connection, before, after, studies), no_image)


def _latest(records: Sequence[VersionRecord], generation: str, destination: str) -> VersionRecord | None:
    """The last publication of a generation whose moment is known, there rather than elsewhere."""
    found = [one for one in records if one.generation == generation]
    found.sort(key=lambda one: (one.as_of is not None, one.destination == destination, one.published_at))
    return found[-1] if found else None


def _settings(before: VersionRecord, after: VersionRecord) -> list[Setting]:
    """What the records say of how the two were made, besides what manifests say."""
    pairs = [
        *_pairs(before.project_variables, after.project_variables, without=_NO_CAUSE | {"labels"}),
        *_pairs(before.export_options, after.export_options, without={"bits", "webdataset"}),
        Setting("image store", before.store_url, after.store_url),
        Setting("way of making images", before.cleaning_version, after.cleaning_version),
        Setting("doubleread", before.doubleread, after.doubleread),
    ]
    return [one for one in pairs if one.before != one.after]


def _pairs(before: Mapping[str, object], after: Mapping[str, object], *, without: set[str]) -> list[Setting]:
    names = sorted((before.keys() | after.keys()) - without)
    return [Setting(name.replace("_", " "), before.get(name), after.get(name)) for name in names]
