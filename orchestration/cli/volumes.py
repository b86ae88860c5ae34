"""``doubleread dicom2hdf5`` and ``doubleread hdf52dicom``: series as volumes in HDF5, and back as DICOMs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.cli.display import console, print_failures, progress_bars

if TYPE_CHECKING:
    from orchestration.volumes import Search

NO_SHORT_HELP = {"help_option_names": ["--help"]}
"""For commands whose ``-h`` means the HDF5 file."""

Workers = Annotated[
    int | None, typer.Option(min=1, help="Processes and threads on this machine, one for each core unless given.")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the output where it exists, as a whole.")]


def dicom2hdf5(
    *,
    input_dicom: Annotated[
        Path, typer.Option("-i", "--input-dicom", metavar="DIR", help="DICOMs, searched with all folders below.")
    ],
    output_hdf5: Annotated[Path, typer.Option("-h", "--output-hdf5", metavar="FILE", help="The HDF5 file to write.")],
    output_json: Annotated[Path, typer.Option("-j", "--output-json", metavar="FILE", help="The JSON file to write.")],
    series: Annotated[
        list[str] | None,
        typer.Option(metavar="UID", help="Only the series of this Series Instance UID; may be given several times."),
    ] = None,
    stored: Annotated[
        bool, typer.Option("--stored", help="Keep the stored integers instead of floats from 0 to 1.")
    ] = False,
    compress: Annotated[bool, typer.Option(help="Compress with HDF5's own filters, which every reader knows.")] = True,
    allow_gaps: Annotated[
        bool, typer.Option("--allow-gaps", help="Go on where slices are missing or uneven; the JSON lists the gaps.")
    ] = False,
    overwrite: Overwrite = False,
    workers: Workers = None,
) -> None:
    """Pack DICOM series into HDF5 volumes, sorted by where their images lie.

    Images are found by content and stacked along the normal of their plane; several at one position (times, echoes,
    b-values) become a further axis in front. Values are those after the modality LUT, from 0 to 1. Exit status 1 when
    a file or series can't be used; each is named with its reason, the rest is packed.
    """
    from orchestration.volumes.packing import Packing, pack

    with progress_bars() as listener:
        report = pack(
            input_dicom,
            output_hdf5,
            output_json,
            packing=Packing(stored, compress, allow_gaps, workers),
            series=series or (),
            overwrite=overwrite,
            listener=listener,
        )
    _print_search(report.search)
    print_failures("series that could not be packed", report.failed)
    for uid, described in report.packed.items():
        shape = " x ".join(map(str, described["shape"]))
        console.print(f"{uid}: {described['modality']} {', '.join(described['axes'])}: {shape}", markup=False)
        if not described["exact"]:
            console.print("  finer than float32 from 0 to 1 can hold: --stored keeps every value", markup=False)
        for gap in described["gaps"]:
            console.print(f"  gap: {gap}", markup=False)
    if report.packed:
        console.print(f"{len(report.packed):,} series packed into {output_hdf5}", markup=False)
    raise typer.Exit(1 if report.failed.count or report.search.failed.count else 0)


def hdf52dicom(
    *,
    input_hdf5: Annotated[Path, typer.Option("-h", "--input-hdf5", metavar="FILE", help="The HDF5 file of volumes.")],
    template_dicom: Annotated[
        Path,
        typer.Option("-d", "--template-dicom", metavar="DIR", help="The DICOMs that the volumes were made of."),
    ],
    output_dicom: Annotated[Path, typer.Option("-o", "--output-dicom", metavar="DIR", help="The folder to write.")],
    full_range: Annotated[
        bool,
        typer.Option(
            "--full-range", help="Spread each volume over the whole range of Bits Stored, with a rescale that fits."
        ),
    ] = False,
    compress: Annotated[bool, typer.Option("--compress", help="Write JPEG-LS, lossless.")] = False,
    description: Annotated[
        str | None, typer.Option(metavar="TEXT", help="What was done, for Derivation Description.")
    ] = None,
    overwrite: Overwrite = False,
    workers: Workers = None,
) -> None:
    """Write HDF5 volumes as derived DICOMs, with the headers of the series that they were made of.

    A volume that nothing has changed comes back with identical pixel values. The series and its images get new UIDs,
    which follow from the old ones and the HDF5 file. Exit status 1 when a volume can't be written; each is named with
    its reason, the others are written.
    """
    from orchestration.volumes.unpacking import DESCRIPTION, unpack

    with progress_bars() as listener:
        report = unpack(
            input_hdf5,
            template_dicom,
            output_dicom,
            full_range=full_range,
            compress=compress,
            description=description or DESCRIPTION,
            overwrite=overwrite,
            workers=workers,
            listener=listener,
        )
    _print_search(report.search)
    print_failures("volumes that could not be written", report.failed)
    for source, written in report.written.items():
        console.print(f"{source}: {len(written.uids):,} DICOMs of series {written.series_uid}", markup=False)
        if written.clipped:
            console.print(f"  {written.clipped:,} values lay beyond what can be stored, and were clipped", markup=False)
    if report.written:
        console.print(f"{len(report.written):,} series written to {output_dicom}", markup=False)
    raise typer.Exit(1 if report.failed.count or report.search.failed.count else 0)


def _print_search(search: "Search") -> None:
    print_failures("files passed over", search.passed_over)
    print_failures("files that could not be used", search.failed)
