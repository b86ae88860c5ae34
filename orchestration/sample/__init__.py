"""The demo's own data: synthetic mammograms, and readings that cover every case of the rule.

``write_sample`` writes what ``doubleread load`` takes. ``scenario`` says what the studies are; ``anatomy``,
``texture``, ``lesions`` and ``mammogram`` draw them; ``formats`` and ``tables`` write them down.
"""

from orchestration.sample.writing import SampleSummary, write_sample

__all__ = ["SampleSummary", "write_sample"]
