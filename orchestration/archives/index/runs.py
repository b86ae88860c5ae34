"""Sorted runs of rows in Parquet files: written once, looked up by key, merged into longer ones."""

import bisect
import io
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from orchestration.archives.index.errors import IndexDamagedError
from orchestration.archives.index.tables import TableForm, sort
from orchestration.stores import Place

FILE_GROUPS = 32  # bounds what is in memory while a file is written, and the footer that a look-up reads
KEPT_FOOTERS = 256

Key = str | int


@dataclass(frozen=True, slots=True)
class RunFile:
    """A Parquet file, with the first and last value of its leading key column."""

    name: str
    size_bytes: int
    rows: int
    first: Key
    last: Key


@dataclass(frozen=True, slots=True)
class Run:
    """Files that hold rows in order, one file after the other."""

    files: tuple[RunFile, ...]

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return sum(file.rows for file in self.files)


def write_run(place: Place, form: TableForm, tables: Iterable[pa.Table]) -> Run:
    """Write rows that come in the order of their key; holds one file as it is written."""
    files: list[RunFile] = []
    writer: _FileWriter | None = None
    for group in _row_groups(tables, form.group_rows):
        writer = writer or _FileWriter(form)
        writer.add(group)
        if writer.groups == FILE_GROUPS:
            files.append(writer.put(place))
            writer = None
    if writer:
        files.append(writer.put(place))
    return Run(tuple(files))


def _row_groups(tables: Iterable[pa.Table], rows: int) -> Iterator[pa.Table]:
    """The rows in tables of the same length, except for the last."""
    pending: list[pa.Table] = []
    count = 0
    for table in tables:
        pending.append(table)
        count += len(table)
        if count >= rows:
            whole = pa.concat_tables(pending)
            full = count - count % rows
            for start in range(0, full, rows):
                yield whole.slice(start, rows)
            pending, count = [whole.slice(full)], count - full
    if count:
        yield pa.concat_tables(pending)


class _FileWriter:
    """A file of a run while it grows."""

    def __init__(self, form: TableForm) -> None:
        self.groups = 0
        self._form = form
        self._rows = 0
        self._first: Key = ""
        self._last: Key = ""
        self._buffer = io.BytesIO()
        self._writer = pq.ParquetWriter(
            self._buffer,
            form.schema,
            compression="zstd",
            compression_level=1,
            use_dictionary=list(form.dictionaries),
            column_encoding={
                field.name: "DELTA_BINARY_PACKED" for field in form.schema if pa.types.is_integer(field.type)
            },
            write_statistics=[form.key[0]],
        )

    def add(self, group: pa.Table) -> None:
        """Write a row group."""
        keys = group[self._form.key[0]]
        if not self.groups:
            self._first = keys[0].as_py()
        self._last = keys[-1].as_py()
        self._writer.write_table(group, row_group_size=len(group))
        self.groups += 1
        self._rows += len(group)

    def put(self, place: Place) -> RunFile:
        """Finish the file and put it."""
        self._writer.close()
        name = f"{self._form.name}-{uuid4().hex}.parquet"
        place.put(name, [self._buffer.getbuffer()])
        return RunFile(name, self._buffer.tell(), self._rows, self._first, self._last)


class RunReader:
    """Reads runs by the piece; keeps the footers of the files that it read last."""

    def __init__(self, place: Place, form: TableForm) -> None:
        self._place = place
        self._form = form
        self._footers: OrderedDict[str, _Footer] = OrderedDict()

    def scan(self, run: Run) -> Iterator[pa.Table]:
        """All rows in order."""
        for file in run.files:
            with self._open(file) as parquet:
                for group in range(parquet.num_row_groups):
                    yield self._read_group(parquet, group)

    def scan_between(self, run: Run, first: Key, last: Key) -> Iterator[pa.Table]:
        """The rows whose leading key is neither less than ``first`` nor greater than ``last``, in order."""
        for file in run.files:
            if file.last < first or last < file.first:  # type: ignore[operator]  # keys of one run are of one type
                continue
            with self._open(file) as parquet:
                for group in self._footers[file.name].groups_between(first, last):
                    table = self._read_group(parquet, group)
                    keys = table[self._form.key[0]]
                    yield table.filter(pc.and_(pc.greater_equal(keys, first), pc.less_equal(keys, last)))

    def look_up(self, runs: Sequence[Run], keys: Sequence[Any]) -> Iterator[pa.Table]:
        """The rows whose leading key is one of ``keys``, sorted and each once; run by run, each in order."""
        for run in runs:
            yield from self.look_up_in_run(run, keys)

    def look_up_in_run(self, run: Run, keys: Sequence[Any]) -> Iterator[pa.Table]:
        """The same for one run."""
        for file in run.files:
            inside = _between(keys, file.first, file.last)
            if inside:
                yield from self._look_up_in_file(file, inside)

    def _look_up_in_file(self, file: RunFile, keys: Sequence[Any]) -> Iterator[pa.Table]:
        with self._open(file) as parquet:
            for group, inside in self._footers[file.name].groups_with(keys):
                table = self._read_group(parquet, group)
                yield table.filter(pc.is_in(table[self._form.key[0]], pa.array(inside)))

    def _open(self, file: RunFile) -> pq.ParquetFile:
        footer = self._footers.get(file.name)
        source = pa.PythonFile(_ObjectFile(self._place, file), mode="r")
        try:
            parquet = pq.ParquetFile(source, metadata=footer.metadata if footer else None, pre_buffer=True)
        except (pa.ArrowException, OSError) as error:
            raise _damaged(self._place, file) from error
        if footer is None:
            self._footers[file.name] = _Footer(parquet.metadata)
            if len(self._footers) > KEPT_FOOTERS:
                self._footers.popitem(last=False)
        return parquet

    def _read_group(self, parquet: pq.ParquetFile, group: int) -> pa.Table:
        return parquet.read_row_group(group, columns=self._form.schema.names, use_threads=False)


def merged(sources: Iterable[Iterator[pa.Table]], form: TableForm) -> Iterator[pa.Table]:
    """The rows of several sources, each in order, as one sequence in order; holds one table of each source."""
    heads = [(table, source) for source in sources if (table := _next_table(source)) is not None]
    while heads:
        bound = min(_row_key(table, len(table) - 1, form) for table, _ in heads)
        pieces, rest = [], []
        for table, source in heads:
            cut = _rows_up_to(table, bound, form)
            if cut:
                pieces.append(table.slice(0, cut))
            remaining = table.slice(cut) if cut < len(table) else _next_table(source)
            if remaining is not None:
                rest.append((remaining, source))
        heads = rest
        yield pieces[0] if len(pieces) == 1 else sort(pa.concat_tables(pieces), form)


def _rows_up_to(table: pa.Table, bound: tuple[Any, ...], form: TableForm) -> int:
    return bisect.bisect_right(range(len(table)), bound, key=lambda row: _row_key(table, row, form))


def _next_table(source: Iterator[pa.Table]) -> pa.Table | None:
    return next((table for table in source if len(table)), None)


def _row_key(table: pa.Table, row: int, form: TableForm) -> tuple[Any, ...]:
    return tuple(table[name][row].as_py() for name in form.key)


def _between(keys: Sequence[Any], first: Key, last: Key) -> Sequence[Any]:
    return keys[bisect.bisect_left(keys, first) : bisect.bisect_right(keys, last)]


class _Footer:
    """What a file says of its row groups, whose keys are in order."""

    def __init__(self, metadata: pq.FileMetaData) -> None:
        self.metadata = metadata
        self._bounds: dict[int, tuple[Key, Key]] = {}

    def groups_with(self, keys: Sequence[Any]) -> Iterator[tuple[int, Sequence[Any]]]:
        """Each row group that may hold some of ``keys``, with those; ``keys`` are sorted."""
        groups, group = range(self.metadata.num_row_groups), 0
        while keys:
            group = bisect.bisect_left(groups, keys[0], lo=group, key=lambda number: self._bounds_of(number)[1])
            if group == len(groups):
                return
            first, last = self._bounds_of(group)
            if inside := _between(keys, first, last):
                yield group, inside
            # The last key of a group may be the first of the next.
            keys, group = keys[bisect.bisect_left(keys, last) :], group + 1

    def groups_between(self, first: Key, last: Key) -> range:
        """The row groups that may hold keys from ``first`` to ``last``."""
        groups = range(self.metadata.num_row_groups)
        start = bisect.bisect_left(groups, first, key=lambda number: self._bounds_of(number)[1])
        stop = bisect.bisect_right(groups, last, key=lambda number: self._bounds_of(number)[0])
        return groups[start:stop]

    def _bounds_of(self, group: int) -> tuple[Key, Key]:
        """The first and last key of a group, which take 20 µs; those of all would take as long as reading one."""
        if group not in self._bounds:
            statistics = self.metadata.row_group(group).column(0).statistics
            self._bounds[group] = (statistics.min, statistics.max)
        return self._bounds[group]


def _damaged(place: Place, file: RunFile) -> IndexDamagedError:
    return IndexDamagedError(f"the index at {place.url} is damaged in {file.name}; delete the index and make it anew")


class _ObjectFile(io.RawIOBase):
    """An object as a file that can be read at any place."""

    def __init__(self, place: Place, file: RunFile) -> None:
        self._place = place
        self._file = file
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._file.size_bytes}[whence]
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def size(self) -> int:
        return self._file.size_bytes

    def read(self, size: int = -1) -> bytes:
        rest = max(0, self._file.size_bytes - self._position)
        data = self._place.read_range(self._file.name, self._position, rest if size < 0 else min(size, rest))
        self._position += len(data)
        return data
