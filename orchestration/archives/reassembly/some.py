"""Some DICOMs by their UIDs: two ranged reads each."""

from collections.abc import Sequence
from pathlib import Path

from orchestration.archives.index import ArchiveIndex, Entry, Kind, Location, MemberReader
from orchestration.archives.reassembly.batch import BatchResult, Work
from orchestration.archives.reassembly.members import Pair, Reason, Unmatched, without_partner
from orchestration.settings import Settings
from orchestration.stores import open_place

UIDS_AT_ONCE = 10_000


def get_dicoms(
    index: ArchiveIndex, uids: Sequence[str], output_url: str | Path, settings: Settings, *, decode: bool = True
) -> BatchResult:
    """Write ``<UID>.dcm`` for each of some UIDs.

    Args:
        index: of the archives.
        uids: SOP Instance UIDs; one that is given twice counts once.
        output_url: folder, ``s3://`` or ``az://`` place of the DICOMs.
        settings: name the account of an ``az://`` URL.
        decode: every compressed frame before it is written; one that can't be is named.

    Returns:
        What was made; what could not be made, or is in no archive, is among the unmatched.

    Raises:
        StoreUnavailableError: a store as a whole can't be used.
        StoreError: the index can't be read.
    """
    work = Work(open_place(output_url, settings, create=True), MemberReader(settings), decode=decode)
    wanted = list(dict.fromkeys(uids))
    for start in range(0, len(wanted), UIDS_AT_ONCE):
        pairs = []
        for uid, entries in index.find(wanted[start : start + UIDS_AT_ONCE]).items():
            pair = _pair(uid, entries)
            if pair.headers and pair.pixels:
                pairs.append(pair)
            else:
                work.result.unmatched.append(_incomplete(pair))
        work.reassemble(sorted(pairs, key=lambda pair: pair.pixels[0]))
    return work.result


def _pair(uid: str, entries: Sequence[Entry]) -> Pair:
    def locations(kind: str) -> tuple[Location, ...]:
        return tuple(Location(*entry[2:]) for entry in entries if entry.kind == kind)

    return Pair(uid, locations("text"), locations("image"))


def _incomplete(pair: Pair) -> Unmatched:
    if not (pair.headers or pair.pixels):
        return Unmatched(Reason.NOT_INDEXED, "the index has no member of this UID", "", "", 0, pair.uid)
    place = (pair.headers or pair.pixels)[0]
    kind: Kind = "text" if pair.headers else "image"
    return without_partner(pair.uid, kind, place.store_url, place.archive, place.byte_offset)
