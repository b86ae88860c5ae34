"""Templates of the pages, with the numbers as people read them."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from orchestration.training_set.export.card.facts import Agreement

MINUS = "\N{MINUS SIGN}"
NOTHING = "\N{EN DASH}"
TEMPLATES = Path(__file__).parent / "templates"


def number(value: float) -> str:
    """A whole number with a comma at thousands."""
    return f"{value:,.0f}"


def decimal(value: float | None, digits: int = 2) -> str:
    """A number with a minus sign as long as a plus, as print has it; a dash where there is none."""
    if value is None:
        return NOTHING
    shown = f"{value:.{digits}f}"
    return (shown if float(shown) else f"{0:.{digits}f}").replace("-", MINUS)


def share(value: float | None, digits: int = 0) -> str:
    """A share as per cent."""
    return NOTHING if value is None else f"{100 * value:.{digits}f} %"


def kappa(row: Agreement) -> str:
    """Kappa with its interval."""
    if row.kappa_low is None or row.kappa_high is None:
        return decimal(row.cohens_kappa)
    return f"{decimal(row.cohens_kappa)} ({decimal(row.kappa_low)} to {decimal(row.kappa_high)})"


def size(size_bytes: float) -> str:
    """Bytes in the unit that leaves at most four digits."""
    units = ("bytes", "KB", "MB", "GB", "TB")
    for unit in units:
        if size_bytes < 1000 or unit == units[-1]:
            break
        size_bytes /= 1000
    return f"{size_bytes:,.0f} {unit}" if size_bytes >= 10 or unit == "bytes" else f"{size_bytes:.1f} {unit}"


def cell(text: str) -> str:
    """Text for a cell of a Markdown table."""
    return " ".join(text.split()).replace("|", "\\|")


@cache
def environment() -> Environment:
    """Where templates are found; text in HTML is escaped, a name that is not given is an error."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(enabled_extensions=("html.j2",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {
        "number": number, "decimal": decimal, "share": share, "kappa": kappa, "size": size, "cell": cell,
    }  # fmt: skip
    return made
