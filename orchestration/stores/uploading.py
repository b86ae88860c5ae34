"""From a folder of files to a place."""

from pathlib import Path

from orchestration.outcomes import Failure, Progress, no_progress, printable
from orchestration.settings import Settings
from orchestration.stores.errors import StoreError
from orchestration.stores.folder import files_below
from orchestration.stores.opening import open_place
from orchestration.stores.paths import check_path
from orchestration.stores.place import Place
from orchestration.workers import thread_workers

CONCURRENCY = 8  # each holds one whole file


def open_for_writing(settings: Settings) -> Place:
    """The image store of the settings; a local folder is made where it is missing.

    Raises:
        StoreUnavailableError: the container or bucket does not exist or refuses the credential.
    """
    return open_place(settings.images_url, settings, create=True, setting="DOUBLEREAD_IMAGES")


def upload_folder(place: Place, folder: Path, *, progress: Progress = no_progress) -> tuple[int, list[Failure]]:
    """Put every file below ``folder`` into a place, under its path there.

    Returns:
        How many were stored, and each that was not, with the reason; folders that can't be read are among these.
    """
    failures = []

    def refuse(below: Path, error: OSError) -> None:
        failures.append(Failure(printable(below.relative_to(folder).as_posix()), f"cannot be read ({error.strerror})"))

    files = [path for path in files_below(folder, refuse) if path.is_file()]

    def upload(file: Path) -> None:
        place.put(check_path(file.relative_to(folder).as_posix()), [file.read_bytes()])

    stored = 0
    with thread_workers(CONCURRENCY) as workers:
        for done, (file, error) in enumerate(workers.run(upload, ((file, file) for file in files)), start=1):
            if isinstance(error, StoreError | OSError):
                failures.append(Failure(printable(file.relative_to(folder).as_posix()), str(error)))
            elif error:
                raise error
            else:
                stored += 1
            progress(done, len(files))
    failures.sort(key=lambda failure: failure.item)
    return stored, failures
