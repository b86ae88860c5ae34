"""What one core does, as our benchmark measures it, and what the plan assumes because no figure is published.

A core of the benchmark's machine counts as one vCPU. After ``make bench`` put the new figures here and run
``python -m orchestration.archives.planning.document docs/billions.md``.
"""

from typing import Final

from orchestration.archives.planning.figure import Figure

BENCHMARK = "docs/performance.md"
ASSUMPTION = "assumed"

# --- Measured, per core -----------------------------------------------------------------------------------------------
WALK = Figure("Indexing a member", 2.3, "microseconds", "member", BENCHMARK, note="plain ustar, a local file")
ASSEMBLE = Figure("Reassembly of small files", 2200, "DICOMs", "second", BENCHMARK, note="header encoded, file written")
COPY = Figure("Reassembly of large frames", 1800, "MB", "second", BENCHMARK, note="bound by copying")
REQUEST = Figure("A request through obstore", 0.14, "milliseconds", "request", BENCHMARK, note="CPU time, small bodies")

JOIN = Figure(
    "Join: reading and merging indexes", 0.7, "microseconds", "row of an index", BENCHMARK,
    note="CPU time on a busy machine; two million rows, never run on billions",
)  # fmt: skip
PAIRING = Figure(
    "Join: pairs and their batches", 2.0, "microseconds", "pair", BENCHMARK,
    note="CPU time on a busy machine; a million pairs",
)  # fmt: skip

MEASURED: Final = (WALK, ASSEMBLE, COPY, REQUEST, JOIN, PAIRING)

# --- Assumed: headers -------------------------------------------------------------------------------------------------
TABLE_WRITE = Figure("Sorting and compressing headers", 100, "MB of JSON", "second", ASSUMPTION, note="zstd")
TABLE_READ = Figure("Reading them back", 500, "MB of JSON", "second", ASSUMPTION)
TABLE_RATIO = Figure("JSON against its compressed size", 8, "bytes", "byte stored", ASSUMPTION, note="many alike")
INDEX_ROW = Figure("A row of the index in Parquet", 40, "bytes", "member", ASSUMPTION)
PAIR = Figure("Where the members of a pair lie, sent to a worker", 100, "bytes", "pair", ASSUMPTION)
BINARY_RATIO = Figure("Encoded header against its JSON", 0.4, "bytes", "byte of JSON", ASSUMPTION)

# --- Assumed: what goes wrong -----------------------------------------------------------------------------------------
NETWORK_SHARE = Figure("Network that a worker reaches", 0.7, "of the published figure", "vCPU", ASSUMPTION)
LOSSES = Figure(
    "Spot losses",
    0.05,
    "losses",
    "instance-hour",
    ASSUMPTION,
    note="a bad day: 0.2 a month, the advisor's highest class, is 0.0003",
)
REPLACEMENT = Figure("Until a lost instance is replaced", 300, "seconds", "loss", ASSUMPTION)
RETRIES = Figure("Reads of a whole archive in vain", 0.005, "reads", "archive", ASSUMPTION)
POISON = Figure("Archives that never succeed", 1e-4, "archives", "archive", ASSUMPTION)
POISON_TRIES: Final = 3
MISSED = Figure(
    "Restores that fail or come too late", 1e-3, "archives", "archive", ASSUMPTION, note="into the next wave"
)
SPREAD = Figure("How archives differ in work", 0.25, "log-normal sigma", "task", ASSUMPTION)
SLOW_CHANCE = Figure("Waves that come back slowly", 0.1, "waves", "wave", ASSUMPTION, note="AWS promises no throughput")
SLOW_FACTOR = Figure("How much later", 1.5, "times the usual hours", "slow wave", ASSUMPTION)

ASSUMED: Final = (
    TABLE_WRITE, TABLE_READ, TABLE_RATIO, INDEX_ROW, PAIR, BINARY_RATIO, NETWORK_SHARE, LOSSES, REPLACEMENT, RETRIES,
    POISON, MISSED, SPREAD, SLOW_CHANCE, SLOW_FACTOR,
)  # fmt: skip
