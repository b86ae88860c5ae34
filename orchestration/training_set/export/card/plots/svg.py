"""Elements of SVG as text."""

from collections.abc import Iterable

from markupsafe import Markup, escape


def element(name: str, content: Iterable[Markup] | str = (), **attributes: object) -> Markup:
    """An element; underscores in names of attributes stand for hyphens, and ``class_`` for ``class``."""
    written = Markup("").join(
        Markup(' {}="{}"').format(key.removesuffix("_").replace("_", "-"), _text(value))
        for key, value in attributes.items()
        if value is not None
    )
    inside = escape(content) if isinstance(content, str) else Markup("").join(content)
    return Markup("<{0}{1}>{2}</{0}>").format(name, written, inside)


def drawing(width: float, height: float, label: str, content: Iterable[Markup], *, class_: str) -> Markup:
    """A picture of that size in its own units, which ``label`` describes to those who do not see it."""
    view = f"0 0 {_text(width)} {_text(height)}"
    return element(
        "svg", content, class_=class_, viewBox=view, width=width, height=height, role="img", aria_label=label
    )


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    """A straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def rect(x: float, y: float, width: float, height: float, class_: str, **attributes: str | float) -> Markup:
    """A rectangle."""
    return element("rect", (), x=x, y=y, width=width, height=height, class_=class_, **attributes)


def text(x: float, y: float, content: str, class_: str | None = None, *, anchor: str | None = None) -> Markup:
    """A line of text, which begins at ``x`` unless anchored elsewhere."""
    return element("text", content, x=x, y=y, class_=class_, text_anchor=anchor)


def _text(value: object) -> str:
    """Numbers with at most two digits behind the point: a hundredth of a pixel."""
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return str(value)
