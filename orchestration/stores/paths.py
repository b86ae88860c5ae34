"""Names from outside: what they must be like before they become a path in a store or in a folder."""

import unicodedata

from orchestration.stores.errors import UnsafePathError

MAX_PATH_BYTES = 1024  # the longest blob name in Azure (in characters) and the longest key in S3
MAX_NAME_BYTES = 200  # a file name may have 255 bytes on ext4, NTFS and APFS; the rest is for suffixes


def check_path(path: str) -> str:
    """Return ``path`` if it names an object below a store's root.

    Raises:
        UnsafePathError: it is empty, too long, absolute, leaves the root, or holds a control character.
    """
    if not path:
        raise UnsafePathError("the path is empty")
    if len(path.encode(errors="surrogatepass")) > MAX_PATH_BYTES:
        raise UnsafePathError(f"the path has {len(path):,} characters; {MAX_PATH_BYTES:,} bytes are allowed")
    _refuse_control_characters(path, "path")
    if path.startswith("/") or "\\" in path:
        raise UnsafePathError("the path is absolute or holds a backslash; it must be relative to the store")
    if any(part in {"", ".", ".."} for part in path.split("/")):
        raise UnsafePathError("the path holds an empty part, '.' or '..'")
    return path


def check_name(name: str) -> str:
    """Return ``name`` if it can be the stem of a file in a folder.

    Raises:
        UnsafePathError: it is empty, too long, starts with a dot, or holds a separator, also of lines, or a control
            character.
    """
    if not name:
        raise UnsafePathError("the id is empty")
    if len(name.encode(errors="surrogatepass")) > MAX_NAME_BYTES:
        raise UnsafePathError(f"the id has {len(name):,} characters; {MAX_NAME_BYTES} bytes are allowed")
    _refuse_control_characters(name, "id")
    # Lists of files have a name on each line, and loaders split them at these as well, as str.splitlines does.
    if "\u2028" in name or "\u2029" in name:
        raise UnsafePathError("the id holds a line separator")
    if "/" in name or "\\" in name or ":" in name or name.startswith("."):
        raise UnsafePathError("the id starts with a dot or holds '/', '\\' or ':'; it can't name a file")
    return name


def _refuse_control_characters(text: str, what: str) -> None:
    # Cc: control, Cs: lone surrogates, which no file system encodes.
    if not text.isprintable() and any(unicodedata.category(c) in {"Cc", "Cs"} for c in text):
        raise UnsafePathError(f"the {what} holds a control character")
