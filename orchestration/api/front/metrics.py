"""Figures for Prometheus, counted in every worker and added up when they are read."""

import os

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess

MULTIPROCESS_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""Names the folder that workers share; prometheus-client reads it when it is imported."""

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

REQUESTS = Counter("doubleread_requests", "Requests answered.", ["method", "route", "status"])
SECONDS = Histogram(
    "doubleread_request_seconds",
    "Seconds from the end of the request to the answer.",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
UNDER_WAY = Gauge(
    "doubleread_requests_under_way", "Requests that are being read or answered.", multiprocess_mode="livesum"
)
ELEMENTS_STORED = Counter("doubleread_elements_stored", "Elements stored.")
PICTURES_SHOWN = Counter("doubleread_pictures_shown", "Pictures and scans of findings sent, in any size.")


def exposition() -> bytes:
    """The figures of all workers, as Prometheus reads them."""
    if MULTIPROCESS_VARIABLE not in os.environ:  # one process, which keeps its figures in memory
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
