"""The way into highdicom, which is an extra and takes half a second to import. Workers import this and no store."""

from orchestration.errors import DoublereadError, install_extra
from orchestration.training_set.export.reports.report import Report


class ReportsMissingError(DoublereadError):
    """highdicom is not installed."""


def require_highdicom() -> None:
    """Check that highdicom is installed.

    Raises:
        ReportsMissingError: it is not installed.
    """
    try:
        import highdicom  # noqa: F401, PLC0415 - an extra
    except ImportError:
        raise ReportsMissingError(install_extra("reports in DICOM SR need highdicom", "reports")) from None


def encode(report: Report) -> bytes:
    """The file of a report, as ``document.encode_report``."""
    from orchestration.training_set.export.reports.document import encode_report  # noqa: PLC0415 - an extra

    return encode_report(report)
