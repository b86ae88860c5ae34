"""Groups of commands whose help is plain text: typer takes it for markup, and keeps the line ends of docstrings."""

from collections.abc import Callable
from inspect import cleandoc
from typing import Any, TypeVar

import typer
from rich.markup import escape

F = TypeVar("F", bound=Callable[..., Any])


class Commands(typer.Typer):
    """A ``Typer`` that shows each docstring word for word, its paragraphs as wide as the terminal."""

    def command(self, name: str | None = None, **settings: Any) -> Callable[[F], F]:  # noqa: ANN401 - typer's own
        """As ``Typer.command``."""

        def register(function: F) -> F:
            return super(Commands, self).command(name, help=plain(function.__doc__ or ""), **settings)(function)

        return register


def plain(text: str) -> str:
    """A docstring as typer shows it unchanged: a line for each paragraph, and brackets that are no markup."""
    return escape("\n\n".join(" ".join(paragraph.split()) for paragraph in cleandoc(text).split("\n\n")))
