"""Storing, changing and deleting elements; each with its entry in the audit, in one transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction

from orchestration.api.audit.services import ENTRY, Auditor
from orchestration.api.elements.errors import (
    ElementExistsError,
    UnchangeableFieldError,
    UnknownElementError,
    UnusableElementError,
)
from orchestration.api.elements.listing import ELEMENTS
from orchestration.api.elements.models import Device, Element
from orchestration.api.front.metrics import ELEMENTS_STORED
from orchestration.api.web.rows import select
from orchestration.measurements import ElementError, RepeatedIdError, RepeatedIdsError, measure, read_element
from orchestration.measurements.elements import LONGEST_DEVICE_NAME, LONGEST_ID, MeasuredElement, check_text
from orchestration.measurements.storing import store_elements
from orchestration.outcomes import Failure, printable

KIND = "element"
# One statement in place of seven, for an element that comes alone and from a device that is known. It gives no row
# where the id is stored or the device is new; what then happens, the way of batches decides.
_STORE_ONE = f"""
with stored as (
    insert into doubleread.elements (
        id, device_id, average_before_normalization, average_after_normalization, data_size, data
    )
    select %s, devices.id, %s, %s, %s, %s::text[] from doubleread.devices where devices.name = %s
    on conflict (id) do nothing
    returning created_date
), entry as ({ENTRY} from stored)
select created_date from stored
"""  # noqa: S608  constants
FIELDS = dict.fromkeys(("id", "data", "deviceName")).keys()
CHANGEABLE = ("id", "device_name")


def store_one(value: Mapping[str, Any], auditor: Auditor) -> dict[str, Any]:
    """Measure and store one element.

    Returns:
        The element as lists show it.

    Raises:
        UnusableElementError: it is wrong; the reason is in the message.
        ElementExistsError: its id is stored already.
    """
    try:
        element = _measured(value)
    except ElementError as error:
        raise UnusableElementError(str(error)) from None
    return _store_quickly(element, auditor) or _store([element], [element.measurement.id], auditor)[0]


def store_batch(values: Mapping[str, Any], auditor: Auditor) -> list[dict[str, Any]]:
    """Measure and store elements, all of them or none.

    Args:
        values: the elements, by any keys, which name them in errors.
        auditor: of who sent them.

    Returns:
        The elements in the order sent, as lists show them.

    Raises:
        UnusableElementError: some are wrong; each is named by its key, with the reason.
        ElementExistsError: an id is stored already, or two elements share one.
    """
    elements, wrong, repeated = [], [], []
    seen = set()
    for key, value in values.items():
        try:
            element = _measured(value)
            if element.measurement.id in seen:
                repeated.append(Failure(printable(key), str(RepeatedIdError())))
            seen.add(element.measurement.id)
            elements.append(element)
        except ElementError as error:
            wrong.append(Failure(printable(key), str(error)))
    if wrong:
        raise UnusableElementError(f"nothing was stored: {_counted(len(wrong))} wrong", wrong)
    if repeated:
        raise ElementExistsError(
            f"nothing was stored: {_counted(len(repeated))} a repetition within the batch", repeated
        )
    return _store(elements, list(values), auditor)


def change_element(id_: str, changes: Mapping[str, Any], auditor: Auditor) -> dict[str, Any]:
    """Change an element's id, its device or both.

    Returns:
        The element as lists show it.

    Raises:
        UnknownElementError: no element has this id.
        UnchangeableFieldError: another field is to be changed.
        UnusableElementError: a value cannot be stored.
        ElementExistsError: the new id is another element's.
    """
    new = _checked_changes(changes)
    try:
        with transaction.atomic():
            element = _locked(id_)
            before = {"id": element.id, "device_name": element.device.name}
            changed = {name: [before[name], value] for name, value in new.items() if before[name] != value}
            if changed:
                auditor.changed(KIND, id_, changed)
                device = Device.objects.get_or_create(name=new.get("device_name", element.device.name))[0]
                with connection.cursor() as cursor:
                    cursor.execute(
                        "update doubleread.elements set id = %s, device_id = %s, updated_date = now() where id = %s",
                        [new.get("id", id_), device.pk, id_],
                    )
    except IntegrityError:
        raise ElementExistsError("another element has the new id") from None
    return find_element(new.get("id", id_))


def delete_element(id_: str, auditor: Auditor) -> None:
    """Delete an element.

    Raises:
        UnknownElementError: no element has this id.
    """
    with transaction.atomic():
        element = _locked(id_)
        before = {
            "device_name": element.device.name,
            "average_before_normalization": element.average_before_normalization,
            "average_after_normalization": element.average_after_normalization,
            "data_size": element.data_size,
            "created_date": element.created_date.isoformat(),
        }
        auditor.deleting(KIND, id_, before)
        element.delete()


def find_element(id_: str) -> dict[str, Any]:
    """One element as lists show it.

    Raises:
        UnknownElementError: no element has this id.
    """
    found = ELEMENTS.find(id_)
    if found is None:
        raise UnknownElementError("no element has this id")
    return found


def _measured(value: object) -> MeasuredElement:
    element = read_element(value)
    if isinstance(value, Mapping) and value.keys() - FIELDS:
        raise ElementError(f"only {', '.join(FIELDS)} are fields of an element")
    return MeasuredElement(measure(element), element.rows)


def _store(elements: Sequence[MeasuredElement], keys: Sequence[str], auditor: Auditor) -> list[dict[str, Any]]:
    """Store elements, which errors name by ``keys``."""
    with transaction.atomic():
        ((now,),) = select("select now()")
        try:
            store_elements(connection.connection, elements, repeated="refuse")
        except RepeatedIdsError as error:
            raise _stored_already(set(error.ids), elements, keys) from None
        auditor.created(KIND, [element.measurement.id for element in elements])
    ELEMENTS_STORED.inc(len(elements))
    return [_shown(element, now) for element in elements]


def _store_quickly(element: MeasuredElement, auditor: Auditor) -> dict[str, Any] | None:
    """Store one element, or do nothing and give None."""
    id_, device_name, *measured = element.measurement
    entry = auditor.entry("create", KIND, [id_])
    rows = select(_STORE_ONE, [id_, *measured, list(element.rows), device_name, *entry], prepare=True)
    if not rows:
        return None
    ELEMENTS_STORED.inc()
    return _shown(element, rows[0][0])


def _shown(element: MeasuredElement, stored_at: datetime) -> dict[str, Any]:
    """An element that was just stored, as lists show it."""
    dates = {"created_date": stored_at, "updated_date": stored_at}
    return element.measurement._asdict() | {"data": element.rows} | dates


def _stored_already(ids: set[str], elements: Sequence[MeasuredElement], keys: Sequence[str]) -> ElementExistsError:
    named = zip(elements, keys, strict=True)
    repeated = [
        Failure(printable(key), "its id is stored already") for item, key in named if item.measurement.id in ids
    ]
    return ElementExistsError(f"nothing was stored: {_counted(len(repeated))} stored already", repeated)


def _locked(id_: str) -> Element:
    """The element, which nobody else changes until the transaction ends."""
    element = (
        Element.objects.select_for_update(of=("self",)).select_related("device").defer("data").filter(pk=id_).first()
    )
    if element is None:
        raise UnknownElementError("no element has this id")
    return element


def _checked_changes(changes: Mapping[str, Any]) -> dict[str, str]:
    for name in changes:
        if name not in CHANGEABLE:
            raise UnchangeableFieldError(f"only {' and '.join(CHANGEABLE)} can be changed")
    longest = {"id": LONGEST_ID, "device_name": LONGEST_DEVICE_NAME}
    try:
        return {name: check_text(name, value, longest[name]) for name, value in changes.items()}
    except ElementError as error:
        raise UnusableElementError(str(error)) from None


def _counted(number: int) -> str:
    return "1 element is" if number == 1 else f"{number:,} elements are"
