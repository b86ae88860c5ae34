"""Which scans an export holds, with what the marts and the records know of each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import set_json_loads

from orchestration.imaging import Bits, Box
from orchestration.imaging.text import Markers
from orchestration.labels import LABELS
from orchestration.settings import Settings, marker_words
from orchestration.training_set.export.card.statement import Statement, read_statement
from orchestration.training_set.export.generation import Role
from orchestration.training_set.export.images import CLEANING_VERSION, MadeImage
from orchestration.training_set.scans import Query

FETCH_ROWS = 500

_QUERY = """
    with findings as (
        select
            scan_id,
            jsonb_agg(
                jsonb_build_object(
                    'finding_id', finding_id, 'label', label, 'finding_hash', finding_hash, 'boxes', boxes
                )
            ) as findings
        from {marts}.double_matched_findings
        group by scan_id
    )
    select
        scan.scan_id,
        scan.study_id,
        scan.patient_id,
        scan.png_image,
        scan.role,
        scan.rejected,
        coalesce(findings.findings, '[]') as findings,
        copy.status = 'retrieved' as retrieved,
        copy.reason as scan_reason,
        coalesce(copy.retryable, true) as scan_retryable,
        copy.sha256 as scan_sha256,
        coalesce(copy.version, copy.etag) as scan_version,
        copy.local_path as scan_path,
        -- Where an image is to be made; with a hash of all pictures, a run with no changes would pay for it.
        case when image.source_sha256 is distinct from copy.sha256 then exists (
            select from doubleread.pictures as picture
            where picture.source_sha256 = copy.sha256 and picture.source_keepable
        ) else false end as scan_keepable,
        case when image.status = 'made' and image.cleaning_version = %(cleaning_version)s
            then to_jsonb(image) end as image
    from {marts}.trainable_scans as scan
    left join findings on findings.scan_id = scan.scan_id
    left join doubleread.retrieved_scans as copy
        on copy.store_url = %(store_url)s and copy.png_image = scan.png_image
    left join doubleread.clean_images as image
        on image.destination = %(destination)s and image.store_url = %(store_url)s and image.bits = %(bits)s
        and image.png_image = scan.png_image
    where scan.role = any(%(roles)s)
    order by scan.scan_id collate "C"
"""


@dataclass(frozen=True)
class ExportOptions:
    """What an export is to hold.

    Attributes:
        bits: 8 for the rendering, 16 for stored values.
        webdataset: also tar shards.
        negatives: also scans of studies on which at least two readers agree that there is nothing.
        hard_cases: also scans of studies on which readers do not agree.
        reports: also the findings of each scan that is a DICOM as DICOM SR.
        check_text: only scans without text in their pixels, or with text that a person has accepted.
        markers: text that counts as a view marker, and so as none.
        card: what the owner says on the data card.
    """

    bits: Bits = 8
    webdataset: bool = False
    negatives: bool = False
    hard_cases: bool = False
    reports: bool = False
    check_text: bool = False
    markers: Markers = Markers(())  # noqa: RUF009 - frozen
    card: Statement = field(default_factory=Statement)

    @classmethod
    def of(cls, settings: Settings) -> "ExportOptions":
        """The options that the settings give.

        Raises:
            SettingsError: the file of the owner's statement can't be used.
        """
        return cls(
            settings.doubleread_export_bits,
            settings.doubleread_export_webdataset,
            settings.doubleread_export_negatives,
            settings.doubleread_export_hard_cases,
            settings.doubleread_export_reports,
            settings.doubleread_export_check_text,
            Markers(marker_words(settings.doubleread_view_markers)),
            read_statement(settings.doubleread_export_card),
        )

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "ExportOptions":
        """The options of a record; an option that this doubleread does not know is left out."""
        known = {name: record[name] for name in cls.__dataclass_fields__ if name in record}
        card, markers = Statement.model_validate(known.get("card", {})), Markers(tuple(known.get("markers", ())))
        return cls(**known | {"card": card, "markers": markers})

    def as_record(self) -> dict[str, Any]:
        """The options as JSON has them."""
        record = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return record | {"card": self.card.model_dump(), "markers": list(self.markers.words)}

    @property
    def roles(self) -> list[Role]:
        """The roles of the scans that are wanted."""
        roles: list[Role] = ["finding"]
        if self.negatives:
            roles.append("negative")
        if self.hard_cases:
            roles.append("hard_case")
        return roles


@dataclass(frozen=True)
class Source:
    """Where the scans of an export come from: the models of the last build, or those of an earlier state.

    Attributes:
        schema_prefix: before the names of the models' schemas; empty for those of the last build.
        images: clean images that are objects of the destination already, each with the SHA-256 of its scan, by scan id.
        left_out: ids of scans that are not to be in the export.
    """

    schema_prefix: str = ""
    images: Mapping[str, tuple[MadeImage, str]] = field(default_factory=dict)
    left_out: frozenset[str] = frozenset()

    def schema(self, name: str) -> sql.Identifier:
        """The schema that the project calls so."""
        return sql.Identifier(f"{self.schema_prefix}{name}")

    @property
    def schemas(self) -> dict[str, sql.Identifier]:
        """The schemas of the models, by what the project calls them."""
        return {name: self.schema(name) for name in ("staging", "intermediate", "marts")}


LAST_BUILD = Source()


@dataclass(frozen=True, slots=True)
class SelectedFinding:
    """A finding of a scan and its boxes, as in the mart; comments stay there, since they may be patient text."""

    finding_id: str
    label: str
    finding_hash: str
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Selected:
    """A scan that an export is to hold, with the records of its copy (``scan_…``) and of its clean image.

    ``clean`` and ``clean_source_sha256`` are what was made of it last, of whatever version of the scan.
    ``scan_keepable`` is what drawing said of the same bytes (``imaging.annotate``); false where it was not asked.
    """

    scan_id: str
    study_id: str
    patient_id: str | None
    png_image: str
    role: Role
    rejected: tuple[tuple[str, str], ...]
    findings: tuple[SelectedFinding, ...]
    retrieved: bool
    scan_reason: str | None
    scan_retryable: bool
    scan_sha256: str | None
    scan_version: str | None
    scan_path: str | None
    scan_keepable: bool
    clean: MadeImage | None
    clean_source_sha256: str | None


def images_beside_findings(options: ExportOptions) -> Query | None:
    """The query for images that the options ask for and no finding needs; None where none is asked for."""
    match options.negatives, options.hard_cases:
        case True, True:
            return "select png_image from marts.trainable_scans where role in ('negative', 'hard_case')"
        case True, False:
            return "select png_image from marts.trainable_scans where role = 'negative'"
        case False, True:
            return "select png_image from marts.trainable_scans where role = 'hard_case'"
    return None


def select_scans(
    connection: psycopg.Connection,
    options: ExportOptions,
    *,
    store_url: str,
    destination: str,
    source: Source = LAST_BUILD,
) -> Iterator[Selected]:
    """The scans that the options ask for, streamed, in the order of their ids."""
    with connection.cursor("scans", row_factory=dict_row) as cursor:
        set_json_loads(orjson.loads, cursor)  # a fifth of the time that Python's own takes
        cursor.itersize = FETCH_ROWS
        cursor.execute(
            sql.SQL(_QUERY).format(marts=source.schema("marts")),
            {
                "store_url": store_url,
                "destination": destination,
                "bits": options.bits,
                "roles": options.roles,
                "cleaning_version": CLEANING_VERSION,
            },
        )
        for row in cursor:
            yield _selected(row)


def _selected(row: dict[str, Any]) -> Selected:
    """A row of the query as a scan with its findings, in the order of the project's labels."""
    image = row.pop("image")
    row["png_image"] = row["png_image"] or ""
    row["retrieved"] = bool(row["retrieved"])
    row["rejected"] = tuple((item["label"], item["reason"]) for item in row["rejected"])
    findings = sorted(row["findings"], key=lambda finding: LABELS.index(finding["label"]))
    row["findings"] = tuple(
        SelectedFinding(
            finding["finding_id"], finding["label"], finding["finding_hash"], tuple(map(_box, finding["boxes"]))
        )
        for finding in findings
    )
    made = None
    if image is not None:
        made = MadeImage(**{name: image[name] for name in MadeImage.__dataclass_fields__})
    return Selected(
        **row,
        clean=made,
        clean_source_sha256=image and image["source_sha256"],
    )


def _box(box: dict[str, Any]) -> Box:
    sides = {side: float(box[side]) for side in ("x", "y", "width", "height")}
    return Box(reader=str(box["reader"]), **sides)
