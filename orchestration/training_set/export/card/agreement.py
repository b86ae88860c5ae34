"""How sure a kappa is: its confidence interval, from the four cells of two readers' table."""

import math
from typing import NamedTuple

Z95 = 1.959963984540054
"""Of the normal distribution, 95 % lie within this many standard deviations."""


class Interval(NamedTuple):
    """The ends of a 95 % confidence interval, between -1 and 1."""

    low: float
    high: float


def kappa_interval(both: int, only_a: int, only_b: int, neither: int) -> Interval | None:
    """The 95 % confidence interval of Cohen's kappa, by the standard error for large samples.

    The formula is that of Fleiss, Cohen and Everitt 1969 (Psychological Bulletin 72:323-327) for a kappa that need not
    be zero; also Fleiss, Levin and Paik 2003, Statistical Methods for Rates and Proportions, section 18.1.

    Args:
        both: studies that both readers call positive.
        only_a: those that only the first one does.
        only_b: those that only the second one does.
        neither: those that neither does.

    Returns:
        None where kappa is undefined, where the readers never differ, and where one says the same of every study: the
        formula then gives an interval of no width, however few studies there are.
    """
    n = both + only_a + only_b + neither
    if only_a + only_b == 0 or not all((both + only_a, only_b + neither, both + only_b, only_a + neither)):
        return None
    cells = ((both / n, only_a / n), (only_b / n, neither / n))
    rows = [sum(row) for row in cells]
    columns = [sum(column) for column in zip(*cells, strict=True)]
    observed = cells[0][0] + cells[1][1]
    expected = sum(row * column for row, column in zip(rows, columns, strict=True))
    kappa = (observed - expected) / (1 - expected)
    same = sum(cells[i][i] * (1 - (rows[i] + columns[i]) * (1 - kappa)) ** 2 for i in (0, 1))
    different = (1 - kappa) ** 2 * sum(cells[i][1 - i] * (columns[i] + rows[1 - i]) ** 2 for i in (0, 1))
    variance = (same + different - (kappa - expected * (1 - kappa)) ** 2) / (n * (1 - expected) ** 2)
    error = Z95 * math.sqrt(max(variance, 0.0))
    return Interval(max(kappa - error, -1.0), min(kappa + error, 1.0))
