"""Images to put into places."""

import itertools
from collections.abc import Callable

import pytest


@pytest.fixture
def images() -> Callable[[int], dict[str, bytes]]:
    """So many images of different sizes, the first of them larger than one piece of a stream."""

    def make(count: int) -> dict[str, bytes]:
        sizes = itertools.chain([3_000_000], itertools.repeat(10_000))
        return {f"{n // 4:04d}/view {n % 4}.png": bytes([n % 251]) * (next(sizes) + n) for n in range(count)}

    return make
