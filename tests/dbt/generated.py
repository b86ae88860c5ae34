"""Raw tables at random, in which every case of the rule and every kind of odd data occurs often."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

from tests.dbt.oracle import LABELS, PATTERNS, Annotation, Scan

COMMENTS = (
    *PATTERNS.values(),
    "mal. mass, BEN. CALC",
    "left: bEN. mASS?",
    "Mal.Mass",
    "%",
    "",
    None,
)
NUMBERS = ("0", "1", "1.0", "1.50", "15e-1", "2", "10", "10.0", "-3", "1e2", "100", "2147483647")
ODD_NUMBERS = ('"1"', "null", "true", "[1]", "{}", "2147483648", "-1e300", "1e400")
ODD_ELEMENTS = ("null", "7", '"box"', "[]", "{}", '{"mark": null}', '{"mark": [{"x": 1}]}', '{"mark": {"x": 1}}')
ODD_LISTS = ("{}", "7", '"[]"', '"[{}]"', "true")
NOT_JSONB = ('["\\u0000"]', '["\\ud800"]')
NOT_JSON = ("no json", "[", "[{]", '[{"mark": {"x": NaN}}]', "[1,]", "[] []")
EMPTY = ("[]", " [ ] ", "null")
START = datetime(2024, 1, 1, tzinfo=UTC)


def seeded(seed: int) -> Random:
    return Random(seed)  # noqa: S311  nothing is secret here


class RawTables:
    """Random studies; ids are numbers, for a dialect to turn into its own."""

    def __init__(self, random: Random, studies: int, boxes_type: str) -> None:
        self.random = random
        self.boxes_type = boxes_type
        self.scans: list[Scan] = []
        self.annotations: list[Annotation] = []
        # Ids are used in an order of their own, so that a later annotation often has a smaller id.
        self.ids = iter(random.sample(range(1, 100 * studies * 40), studies * 200))
        for _ in range(studies):
            self._add_study()
        random.shuffle(self.scans)
        random.shuffle(self.annotations)

    def _add_study(self) -> None:
        random = self.random
        study = next(self.ids) if random.random() < 0.97 else None
        scans = [self._scan(study) for _ in range(random.choices((1, 3, 4, 5), (1, 3, 40, 3))[0])]
        self.scans += scans
        readers = random.sample(range(1, 12), random.choices((1, 2, 3, 4), (2, 5, 3, 1))[0])
        for reader in readers:
            says = [random.random() < 0.5 for _ in LABELS]
            for scan in scans:
                if random.random() < 0.98:
                    self._annotate(scan.id, reader if random.random() < 0.99 else None, says)
        if random.random() < 0.05:
            self._annotate(next(self.ids), readers[0], [True] * 4)  # of a scan that is not known
        if random.random() < 0.05:
            self._annotate(None, readers[0], [True] * 4)

    def _scan(self, study: int | None) -> Scan:
        random = self.random
        # Few paths, so that equal pictures occur; a quarter of the columns hold nothing.
        png_image, file_name = (random.choice((None, "1.png", "../2.png", "mmg/3.png")) for _ in range(2))
        rows, columns = (random.choice((None, 1, 3328, 4096)) for _ in range(2))
        return Scan(next(self.ids), study, png_image, file_name, rows, columns)

    def _annotate(self, scan: int | None, reader: int | None, says: list[bool]) -> None:
        """One annotation, or several of which the latest says so, give or take a slip on this scan."""
        random = self.random
        times = 1 if random.random() < 0.9 else random.randint(2, 4)
        for _ in range(times):
            labels = [said if random.random() < 0.99 else not said for said in says]
            if times > 1:
                labels = [random.random() < 0.5 if random.random() < 0.3 else said for said in labels]
            self.annotations.append(
                Annotation(
                    next(self.ids),
                    scan,
                    reader,
                    self._boxes(),
                    tuple(True if said else random.choice((False, None)) for said in labels),
                    random.choice((None, START, START + timedelta(seconds=random.randint(0, 2)))),
                )
            )

    def _boxes(self) -> str | None:
        random = self.random
        chance = random.random()
        if chance < 0.1:
            return None
        if chance < 0.3:
            return random.choice(EMPTY if self.boxes_type != "text" else (*EMPTY, "", " \n"))
        if chance < 0.4:
            odd = [*ODD_LISTS]
            odd += NOT_JSONB if self.boxes_type in ("json", "text") else ()
            odd += NOT_JSON if self.boxes_type == "text" else ()
            return random.choice(odd)
        return "[" + ", ".join(self._elements()) + "]"

    def _elements(self) -> Iterator[str]:
        random = self.random
        for _ in range(random.choices((1, 2, 3, 4), (6, 2, 1, 1))[0]):
            if random.random() < 0.05:
                yield random.choice(ODD_ELEMENTS)
                continue
            # Half of the boxes are one and the same place, written in two ways: equal pictures must be found equal.
            numbers = random.choice((("1", "1.0"), NUMBERS))
            sides = [(side, random.choice(numbers)) for side in ("x", "y", "width", "height")]
            if random.random() < 0.05:
                sides[random.randrange(4)] = (sides[0][0], random.choice(ODD_NUMBERS))
            random.shuffle(sides)
            mark = ", ".join(f'"{side}": {number}' for side, number in [*sides, ("type", '"RECT"')])
            fields = [f'"mark": {{{mark}}}', f'"id": {random.randint(1, 9)}']
            if random.random() < 0.9:
                fields.append(f'"comment": {json.dumps(random.choice(COMMENTS))}')
            random.shuffle(fields)
            yield "{" + ", ".join(fields) + "}"
