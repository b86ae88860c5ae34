"""Filters of the pages' templates."""

from collections.abc import Mapping

from django import template

from orchestration.api.pages.plot import decimal
from orchestration.labels import CAPTIONS

register = template.Library()
UNITS = ("bytes", "kB", "MB", "GB", "TB")


@register.filter
def caption(label: str) -> str:
    """A label in words."""
    return CAPTIONS.get(label, label)


@register.filter
def measure(value: float | None) -> str:
    """A measure of agreement with two digits; a dash where it is undefined."""
    return "\N{EN DASH}" if value is None else decimal(value)


@register.filter
def size(count: int) -> str:
    """A number of bytes for people."""
    amount, unit = float(count), 0
    while amount >= 1000 and unit < len(UNITS) - 1:
        amount, unit = amount / 1000, unit + 1
    return f"{amount:,.0f} {UNITS[unit]}" if unit == 0 else f"{amount:,.1f} {UNITS[unit]}"


@register.filter
def of(name: str, values: Mapping[str, str]) -> str:
    """The value of a name; empty where there is none."""
    return values.get(name, "")
