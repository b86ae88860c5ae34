"""The sum, the largest and the count of many numbers of few digits, without making a number of each.

The digits that stand at the same place, ones or tens or hundreds, are added up for all numbers at once, in steps on
whole arrays of bytes, which the processor does many at a time and during which other threads run. Two-digit numbers
take 6 ns each so, against 14 ns in ``numpy.fromstring``, which lets no other thread run; from four digits on that is
faster.
"""

import numpy as np
import numpy.typing as npt

MEAN_LENGTH = 4  # of a number with the blank after it, up to which this way is the faster one
PIECE_BYTES = 1 << 15  # what stays in a core's cache: pieces ten times as large take twice as long
_MOST_DIGITS = 18  # any number of so many fits in 64 bits

Bytes = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]


def total_of_short_numbers(text: bytes) -> tuple[int, int, int] | None:
    """The same as of ``text.split()``, each word taken for an integer; None where another way must be taken.

    Args:
        text: digits and ASCII white space alone.
    """
    total, largest, count = 0, -1, 0
    start = 0
    while start < len(text):
        end = start + PIECE_BYTES
        if end < len(text) and (end := text.rfind(b" ", start, end)) < 0:
            return None
        found = _total(np.frombuffer(b" %b " % text[start:end], dtype=np.uint8))
        if found is None:
            return None
        total, largest, count = total + found[0], max(largest, found[1]), count + found[2]
        start = end + 1
    return (total, largest, count) if count else None


def _total(text: Bytes) -> tuple[int, int, int] | None:
    """Of a piece that begins and ends with a blank; a largest of -1 where there is no number."""
    digits = text - np.uint8(ord("0"))  # white space becomes more than 9
    is_digit = digits < 10
    ends = np.zeros_like(is_digit)
    ends[:-1] = is_digit[:-1] & ~is_digit[1:]
    if np.any((digits[1:-1] == 0) & ~is_digit[:-2] & is_digit[2:]):
        return None  # a leading zero makes a number long and not large
    places: list[Mask] = []  # the ones of all numbers, their tens, …
    place, total = ends, 0
    while place.any():
        if len(places) == _MOST_DIGITS:
            return None
        total += 10 ** len(places) * int(np.sum(digits * place, dtype=np.int64))
        places.append(place)
        place = _shifted_left(place) & is_digit
    return total, _largest(digits, places), int(np.count_nonzero(ends))


def _largest(digits: Bytes, places: list[Mask]) -> int:
    """The largest number: of the longest ones those with the largest first digit, of these the second, and so on."""
    largest, candidates = 0, places[-1] if places else None
    if candidates is None:
        return -1
    for after in range(len(places), 0, -1):
        digit = int((digits * candidates).max())
        largest = 10 * largest + digit
        if after > 1:
            chosen = candidates & (digits == digit)
            candidates = np.zeros_like(chosen)
            candidates[1:] = chosen[:-1]
    return largest


def _shifted_left(mask: Mask) -> Mask:
    shifted = np.zeros_like(mask)
    shifted[:-1] = mask[1:]
    return shifted
