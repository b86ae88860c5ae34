"""From a folder of files to the image store."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import unquote, urlsplit

from orchestration.settings import Settings
from orchestration.stores.azure import azure_account
from orchestration.stores.errors import StoreError
from orchestration.stores.image_store import ImageStore
from orchestration.stores.opening import open_image_store
from orchestration.stores.paths import check_path, printable
from orchestration.stores.retries import with_retries

CONCURRENCY = 8  # each holds one whole image


def open_for_writing(settings: Settings) -> ImageStore:
    """The image store of the settings; a local folder is made where missing.

    Raises:
        StoreUnavailableError: the container or bucket does not exist or refuses the credential.
    """
    parts = urlsplit(settings.images_url)
    if parts.scheme == "file":
        Path(unquote(parts.path)).mkdir(parents=True, exist_ok=True)
    return open_image_store(settings.images_url, azure_account(settings) if parts.scheme == "az" else None)


def upload_folder(
    store: ImageStore, folder: Path, *, progress: Callable[[int, int], None] = lambda _done, _total: None
) -> tuple[int, list[str]]:
    """Put every file below ``folder`` into the store, under its path there.

    Returns:
        How many were stored, and for each that was not a line with its path and the reason.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    failures = []

    def upload(file: Path) -> str | None:
        path = file.relative_to(folder).as_posix()
        try:
            check_path(path)
            data = file.read_bytes()
            with_retries(lambda _attempt: store.put(path, data))
        except (StoreError, OSError) as error:
            return f"{printable(path)}: {error}"
        return None

    with ThreadPoolExecutor(CONCURRENCY) as threads:
        for done, failure in enumerate(threads.map(upload, files), start=1):
            if failure:
                failures.append(failure)
            progress(done, len(files))
    return len(files) - len(failures), failures
