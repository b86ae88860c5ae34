"""How obstore connects: bounded waits, and no retries of its own, so that ours are counted and reported."""

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

CONNECT_SECONDS = 10
READ_SECONDS = 30  # without a byte

NO_RETRIES: "RetryConfig" = {"max_retries": 0}


def client_options(endpoint: str) -> "ClientConfig":
    """Options for a store at ``endpoint``: plain HTTP only where the endpoint says so."""
    return {
        "connect_timeout": timedelta(seconds=CONNECT_SECONDS),
        "read_timeout": timedelta(seconds=READ_SECONDS),
        "timeout": timedelta(hours=1),  # a whole image may take long as long as bytes keep coming
        "allow_http": endpoint.startswith("http://"),
    }
