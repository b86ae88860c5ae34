"""What each publication of a place changed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from orchestration.stores import Place
from orchestration.training_set.export.generation import Contents, Publication, current_id, history
from orchestration.training_set.versions.comparing import VersionContents, compare_contents, contents_of
from orchestration.training_set.versions.naming import read_version


@dataclass(frozen=True)
class ListedVersion:
    """A publication, and how it differs from the version before it.

    Attributes:
        publication: the line of the history.
        contents: what the version holds, counted; None where its files were removed.
        added: findings that the version before did not have; None where one of the two was removed, as the next two.
        removed: findings that only the version before had.
        redrawn: findings of both with other boxes or another image.
        is_current: whether it is the current one.
    """

    publication: Publication
    contents: Contents | None = None
    added: int | None = None
    removed: int | None = None
    redrawn: int | None = None
    is_current: bool = False


def list_versions(place: Place, last: int | None = None) -> list[ListedVersion]:
    """The publications of a place, the last one first.

    Args:
        place: where they were published.
        last: how many; all unless given. Each takes the reading of its tables.

    Raises:
        GenerationError: the history or a version can't be read.
        StoreError: the place does not answer.
    """
    publications, current = history(place), current_id(place)
    first = 0 if last is None else max(0, len(publications) - last)
    listed = list(_listed(place, publications[first:]))[::-1]
    for number, one in enumerate(listed):
        if one.publication.generation == current:
            listed[number] = replace(one, is_current=True)
            break
    return listed


def _listed(place: Place, publications: Sequence[Publication]) -> Iterator[ListedVersion]:
    """The publications in their order, each compared with the one before it; two versions are in memory at a time."""
    known: dict[str | None, tuple[Contents, VersionContents] | None] = {}
    for publication in publications:
        ids = (publication.previous, publication.generation)
        known = {one: known[one] if one in known else _read(place, one) for one in ids}
        before, after = known[publication.previous], known[publication.generation]
        if after is None:
            yield ListedVersion(publication)
        elif before is None and publication.previous is not None:
            yield ListedVersion(publication, after[0])
        else:
            old = VersionContents({}, {}) if before is None else before[1]
            diff = compare_contents(publication.previous or "", old, publication.generation, after[1])
            yield ListedVersion(publication, after[0], len(diff.added), len(diff.removed), len(diff.redrawn))


def _read(place: Place, generation_id: str | None) -> tuple[Contents, VersionContents] | None:
    """What a version holds; None where its files were removed."""
    version = None if generation_id is None else read_version(place, generation_id)
    return None if version is None else (version.generation.contents, contents_of(version))
