"""The table ``doubleread.thumbnails``: those of a destination's contact sheets, so that only new ones are made."""

from collections.abc import Mapping, Sequence

import psycopg


def kept_thumbnails(connection: psycopg.Connection, destination: str, keys: Sequence[str]) -> dict[str, bytes]:
    """Those of the thumbnails that were made before."""
    query = "select thumbnail_key, jpeg from doubleread.thumbnails where destination = %s and thumbnail_key = any(%s)"
    return {key: bytes(jpeg) for key, jpeg in connection.execute(query, [destination, list(keys)])}


def keep_thumbnails(
    connection: psycopg.Connection, destination: str, made: Mapping[str, bytes], wanted: Sequence[str]
) -> None:
    """Keep new thumbnails, and only those that the sheets show."""
    with connection.cursor() as cursor:
        cursor.execute(
            "delete from doubleread.thumbnails where destination = %s and thumbnail_key <> all(%s)",
            [destination, list(wanted)],
        )
        cursor.executemany(
            "insert into doubleread.thumbnails (destination, thumbnail_key, jpeg) values (%s, %s, %s)"
            " on conflict do nothing",
            [(destination, key, jpeg) for key, jpeg in made.items()],
        )
    connection.commit()
