"""What a question is about: a file, the path of a picture, a digest, or the id of a finding, scan or study."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import psycopg
from psycopg import sql

from orchestration.outcomes import printable
from orchestration.training_set.provenance.answers import File, Kind
from orchestration.training_set.provenance.records import CANDIDATES, Records, Row
from orchestration.training_set.provenance.study import SCANS, key_type

_DIGITS = re.compile("[0-9a-f]{8,64}")  # fewer digits of a digest would often mean several
_FINDING_ID = re.compile("[0-9a-f]{32}")
PREFIXES = ("finding", "scan", "study")


class NoAnswerError(Exception):
    """Nothing is known by that name; the message says what would be."""


class AmbiguousError(Exception):
    """The question may mean several things.

    Attributes:
        candidates: for each a question that means it alone, and what it is.
    """

    def __init__(self, message: str, candidates: Sequence[tuple[str, str]]) -> None:
        super().__init__(message)
        self.candidates = candidates


@dataclass(frozen=True)
class Subject:
    """What a question is about.

    Attributes:
        kind: a finding, a scan or a study.
        study_id: its study.
        scan_id: the scan, of a finding or scan.
        label: the label, of a finding.
        finding_id: of a finding whose record is known, though the marts may hold it no more.
        training_set: the folder whose record was recognised, where it is not the one of the settings.
        recognised: how it was found out, for a person.
        file: the file that was handed over.
    """

    kind: Kind
    study_id: str
    scan_id: str | None = None
    label: str | None = None
    finding_id: str | None = None
    training_set: str | None = None
    recognised: str = ""
    file: File | None = None

    @property
    def key(self) -> tuple[str | None, ...]:
        """What it is about, however it was found out."""
        return self.kind, self.study_id, self.scan_id, self.label

    def candidate(self) -> tuple[str, str]:
        """A question that means this alone, and what it is."""
        if self.kind == "finding":
            return f"{self.label}/{self.scan_id}.png", f"the finding of study {self.study_id}"
        if self.kind == "scan":
            return f"scan:{self.scan_id}", f"a scan of study {self.study_id}"
        return f"study:{self.study_id}", "a study"


@dataclass(frozen=True)
class Asking:
    """Finds subjects in one database."""

    connection: psycopg.Connection
    records: Records
    labels: Sequence[str]
    training_set: Path

    def recognise(self, question: str) -> Subject:
        """What a question is about.

        Raises:
            NoAnswerError: nothing that is known.
            AmbiguousError: more than one thing.
        """
        text = as_text(question)
        path = Path(question)
        found = list(self._named_by_prefix(text)) or (self._of_file(path) if _is_file(path) else [])
        if not found:
            found = [*self._named_by_path(text), *self._of_digest(text), *self._named_by_id(text)]
        subjects = _once(found)
        if not subjects:
            what = "the content of the file " if _is_file(path) else ""
            raise NoAnswerError(
                f"nothing is known of {what}{printable(question)}: known are files and paths of pictures "
                "(<label>/<scan id>.png), of exported and of retrieved images, their SHA-256 or at least its first 8 "
                "digits, and the ids of findings, scans and studies"
            )
        if len(subjects) > 1:
            raise AmbiguousError(
                f"{printable(question)} may mean several things; ask for one of them",
                [subject.candidate() for subject in subjects[:CANDIDATES]],
            )
        return subjects[0]

    def study(self, study_id: str) -> Subject | None:
        """A study by its id."""
        query = sql.SQL("select study_id from {} where study_key = %s::{} limit 1")
        row = self._keyed(query.format(SCANS, key_type(self.connection, "study_key")), study_id)
        return Subject("study", row[0], recognised="the id of a study") if row else None

    def scan(self, scan_id: str) -> Subject | None:
        """A scan by its id."""
        query = sql.SQL("select study_id, scan_id from {} where scan_key = %s::{} and study_id is not null limit 1")
        row = self._keyed(query.format(SCANS, key_type(self.connection, "scan_key")), scan_id)
        return Subject("scan", row[0], row[1], recognised="the id of a scan") if row else None

    def _keyed(self, query: sql.Composed, key: str) -> tuple[str, ...] | None:
        """The first row of a query by a key; none where the text is no value of the key's type."""
        try:
            with self.connection.transaction():
                return self.connection.execute(query, [key]).fetchone()
        except psycopg.DataError:
            return None

    def _named_by_prefix(self, text: str) -> Iterator[Subject]:
        kind, colon, name = text.partition(":")
        if colon and kind in PREFIXES:
            found = {"finding": self._finding, "scan": self.scan, "study": self.study}[kind](name)
            if found is not None:
                yield found

    def _named_by_path(self, text: str) -> Iterator[Subject]:
        """``<label>/<scan id>.png``, ``images/<scan id>.png``, ``objects/<ab>/<digest>.png``, behind any folder."""
        path = PurePosixPath(text)
        if path.suffix != ".png" or len(path.parts) < 2:
            return
        folder = path.parts[-2]
        if _DIGITS.fullmatch(path.stem) and path.stem.startswith(folder):
            yield from self._of_digest(path.stem)
        if (folder == "images" or folder in self.labels) and (scan := self.scan(path.stem)):
            if folder == "images":
                yield replace(scan, recognised="the path of an exported image")
            else:
                yield replace(scan, kind="finding", label=folder, recognised="the path of a picture")

    def _named_by_id(self, text: str) -> Iterator[Subject]:
        for found in (self._finding(text), self.scan(text), self.study(text)):
            if found is not None:
                yield found

    def _finding(self, finding_id: str) -> Subject | None:
        digits = finding_id.lower()
        row = self.records.finding_by_id(digits) if _FINDING_ID.fullmatch(digits) else None
        if row is None:
            return None
        return Subject(
            "finding", row["study_id"], row["scan_id"], row["label"], digits, recognised="the id of a finding"
        )

    def _of_digest(self, digits: str) -> list[Subject]:
        """What files whose SHA-256 begins so are of; some programs print it in capitals."""
        digits = digits.lower()
        if not _DIGITS.fullmatch(digits):
            return []
        bounds = [digits, digits + "g"]
        condition = 'sha256 collate "C" >= %s and sha256 collate "C" < %s'
        what = "the SHA-256" if len(digits) == 64 else "the beginning of the SHA-256"
        found = [
            self._of_picture(row, f"{what} of a picture") for row in self.records.find("pictures", condition, bounds)
        ]
        for table, kind in (("clean_images", "an exported image"), ("retrieved_scans", "a retrieved image")):
            images = sorted({row["png_image"] for row in self.records.find(table, condition, bounds)})
            for study_id, scan_id in self.records.scans_of_images(images) if images else ():
                found.append(Subject("scan", study_id, scan_id, recognised=f"{what} of {kind}"))
        return [subject for subject in found if subject is not None]

    def _of_picture(self, row: Row, recognised: str) -> Subject | None:
        """The finding of a picture's record."""
        known = self.records.finding_by_id(row["finding_id"])
        study_id = known["study_id"] if known else None
        if study_id is None:
            scan = self.scan(row["scan_id"])
            study_id = scan.study_id if scan else None
        if study_id is None:
            return None
        elsewhere = None if row["training_set"] == str(self.training_set) else row["training_set"]
        return Subject("finding", study_id, row["scan_id"], row["label"], row["finding_id"], elsewhere, recognised)

    def _of_file(self, path: Path) -> list[Subject]:
        """What a file's content is of; where no record has it, what its path says, and that it was changed."""
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        known = File(path=printable(str(path), 4096), sha256=digest, state="as recorded")
        by_path = list(self._named_by_path(str(path.absolute())))
        of_content = [replace(subject, file=known) for subject in self._of_digest(digest)]
        if of_content:
            keys = {subject.key for subject in by_path}
            return [subject for subject in of_content if subject.key in keys] or of_content
        changed = known.model_copy(update={"state": "changed"})
        return [replace(subject, file=changed) for subject in by_path]


def as_text(question: str) -> str:
    """A question as a text that the database takes: an argument of a command may be bytes that are none."""
    return question.encode(errors="replace").decode().replace("\0", "")


def _once(found: Sequence[Subject]) -> list[Subject]:
    """Each subject once, with all ways in which it was found: an exported image may be the retrieved one."""
    subjects: dict[tuple[str | None, ...], Subject] = {}
    for subject in found:
        known = subjects.setdefault(subject.key, subject)
        if subject.recognised not in known.recognised:
            subjects[subject.key] = replace(known, recognised=f"{known.recognised} and {subject.recognised}")
    return list(subjects.values())


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that no file can have
        return False
