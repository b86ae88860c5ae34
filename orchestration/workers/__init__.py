"""Work spread over processes here or over a Dask cluster."""

from orchestration.workers.pools import map_in_order, worker_pool

__all__ = ["map_in_order", "worker_pool"]
