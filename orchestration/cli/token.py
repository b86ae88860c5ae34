"""``doubleread token``: tokens of the results service."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Literal

import typer

from orchestration.cli.commands import Commands
from orchestration.cli.display import console

app = Commands(
    name="token",
    help=(
        "Tokens of the results service: make, list and revoke them.\n\n"
        "A program sends one as Authorization: Bearer TOKEN; a person logs in to the pages with one."
    ),
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Who or what holds the token; the audit shows it.")]


@app.command()
def create(
    name: Name,
    *,
    role: Annotated[
        Literal["reader", "writer", "admin"],
        typer.Option(help="A reader sees everything, a writer stores and submits too, an admin has the admin page."),
    ],
) -> None:
    """Make a token and print it, once: only its digest is kept."""
    with _service():
        from orchestration.api.accounts.roles import Role
        from orchestration.api.accounts.services import create_token
        from orchestration.api.audit.services import Auditor

        typer.echo(create_token(name, Role.from_word(role), Auditor.of_command()))


@app.command("list")
def list_(
    *, as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list instead of a table.")] = False
) -> None:
    """List the tokens, revoked ones too: name, role, when made, last used and revoked."""
    with _service():
        from orchestration.api.accounts.services import list_tokens

        headings = ("name", "role", "created", "last used", "revoked")
        rows = [
            (token.name, token.role, token.created_at, getattr(getattr(token, "use", None), "last_used_at", None),
             token.revoked_at)
            for token in list_tokens()
        ]  # fmt: skip
    shown = [[value if value is None or isinstance(value, str) else f"{value:%Y-%m-%d %H:%M}" for value in row]
             for row in rows]  # fmt: skip
    if as_json:
        keys = [heading.replace(" ", "_") for heading in headings]
        typer.echo(json.dumps([dict(zip(keys, row, strict=True)) for row in shown], indent=2))
        return
    _print_table(headings, [[value or "" for value in row] for row in shown])


@app.command()
def revoke(name: Name) -> None:
    """Revoke a token, and end every session that began with it."""
    with _service():
        from orchestration.api.accounts.services import revoke_token
        from orchestration.api.audit.services import Auditor

        revoke_token(name, Auditor.of_command())
    console.print(f"{name} is revoked", markup=False)


@contextmanager
def _service() -> Iterator[None]:
    """The service's tables; what cannot be done ends the command."""
    from orchestration.api import start
    from orchestration.database import open_database
    from orchestration.errors import DoublereadError
    from orchestration.settings import load_settings

    settings = load_settings()
    database = open_database(settings)
    start.set_up(settings, database)
    start.migrate(database)
    from orchestration.api.web.errors import ServiceError

    try:
        yield
    except ServiceError as error:
        raise DoublereadError(error.detail) from None


def _print_table(headings: tuple[str, ...], rows: list[list[str]]) -> None:
    from rich import box
    from rich.table import Table

    table = Table(*headings, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for row in rows:
        table.add_row(*row)
    console.print(table)
