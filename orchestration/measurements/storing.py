"""Storing measured elements where the results service reads them: the tables ``devices`` and ``elements``."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import psycopg
import pyarrow as pa

from orchestration.database.copying import copy_batches
from orchestration.measurements.elements import Measurement
from orchestration.measurements.errors import RepeatedIdsError

INCOMING = "incoming_elements"
COLUMNS = (
    "id",
    "device_name",
    "average_before_normalization",
    "average_after_normalization",
    "data_size",
    "data",
)
# Made once for each connection.
_MAKE_INCOMING = """
create temporary table if not exists incoming_elements (
    id text not null,
    device_name text not null,
    average_before_normalization double precision not null,
    average_after_normalization double precision not null,
    data_size bigint not null,
    data text[] not null
) on commit delete rows;
truncate pg_temp.incoming_elements
"""
_ADD_DEVICES = """
insert into doubleread.devices (name)
select distinct device_name
from pg_temp.incoming_elements
where not exists (select from doubleread.devices where devices.name = incoming_elements.device_name)
order by device_name
on conflict (name) do nothing
"""
# By id, so that of two batches that share ids one waits for the other and never each for the other. Answers with the
# ids that were there before.
_ADD_ELEMENTS = """
with added as (
    insert into doubleread.elements (
        id, device_id, average_before_normalization, average_after_normalization, data_size, data
    )
    select
        incoming_elements.id,
        devices.id,
        incoming_elements.average_before_normalization,
        incoming_elements.average_after_normalization,
        incoming_elements.data_size,
        incoming_elements.data
    from pg_temp.incoming_elements
    inner join doubleread.devices on incoming_elements.device_name = devices.name
    order by incoming_elements.id collate "C"
    on conflict (id) do nothing
    returning id
)

select id from pg_temp.incoming_elements
where not exists (select from added where added.id = incoming_elements.id)
"""
_FIND_SAME = """
select incoming_elements.id
from pg_temp.incoming_elements
inner join doubleread.elements on incoming_elements.id = elements.id
inner join doubleread.devices on elements.device_id = devices.id
where
    incoming_elements.id = any(%s)
    and elements.data = incoming_elements.data
    and devices.name = incoming_elements.device_name
"""


class MeasuredElement(NamedTuple):
    """A measurement and the rows that it was made of, as they were sent."""

    measurement: Measurement
    rows: Sequence[str]


@dataclass(frozen=True)
class Stored:
    """What became of a batch.

    Args:
        added: how many elements were stored.
        unchanged: ids that were stored before with the same rows and the same device.
        refused: ids that were stored before with other rows or another device, which were kept.
    """

    added: int
    unchanged: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


def store_elements(
    connection: psycopg.Connection, elements: Sequence[MeasuredElement], *, repeated: Literal["refuse", "report"]
) -> Stored:
    """Store a batch, and the devices in it that are new; commits nothing.

    Args:
        connection: to a database with the tables ``measurements``; in a transaction that the caller ends.
        elements: each id once.
        repeated: ids that are stored already ``refuse`` the whole batch, or are left as they are and ``report``ed.

    Raises:
        RepeatedIdsError: ids are stored already and refuse the batch; the caller rolls its transaction back.
    """
    if not elements:
        return Stored(0)
    connection.execute(_MAKE_INCOMING)
    copy_batches(connection, f"pg_temp.{INCOMING}", COLUMNS, [_as_batch(elements)])
    connection.execute(_ADD_DEVICES)
    known = {id_ for (id_,) in connection.execute(_ADD_ELEMENTS).fetchall()}
    if not known:
        return Stored(len(elements))
    known_in_order = [id_ for id_ in (element.measurement.id for element in elements) if id_ in known]
    if repeated == "refuse":
        raise RepeatedIdsError(known_in_order)
    same = {id_ for (id_,) in connection.execute(_FIND_SAME, [known_in_order]).fetchall()}
    return Stored(
        len(elements) - len(known),
        unchanged=tuple(id_ for id_ in known_in_order if id_ in same),
        refused=tuple(id_ for id_ in known_in_order if id_ not in same),
    )


def _as_batch(elements: Sequence[MeasuredElement]) -> pa.RecordBatch:
    measurements = [element.measurement for element in elements]
    columns: list[Sequence[object]] = [
        [measurement.id for measurement in measurements],
        [measurement.device_name for measurement in measurements],
        [measurement.average_before_normalization for measurement in measurements],
        [measurement.average_after_normalization for measurement in measurements],
        [measurement.data_size for measurement in measurements],
        # Rows that were measured hold digits, signs and white space: nothing that an array would need to escape.
        ['{"' + '","'.join(element.rows) + '"}' for element in elements],
    ]
    return pa.RecordBatch.from_arrays([pa.array(column) for column in columns], names=list(COLUMNS))
