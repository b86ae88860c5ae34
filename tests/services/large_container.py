"""A container of more blobs than Azurite takes in within a test: it answers nothing but its properties and listing.

Azurite searches all of its blobs for each upload, so that 100,000 of them would take hours.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

VIEWS = ("L__CC", "L__MLO", "R__CC", "R__MLO")
MODIFIED = "Fri, 20 Nov 2026 10:00:00 GMT"
MOST_ON_A_PAGE = 5_000  # also where a request does not say
BLOB = (
    "<Blob><Name>export 2014/S{case:07d}/{view}.dcm</Name><Properties>"
    f"<Creation-Time>{MODIFIED}</Creation-Time><Last-Modified>{MODIFIED}</Last-Modified>"
    "<Etag>0x{number:016X}</Etag><Content-Length>20000000</Content-Length>"
    "<Content-Type>application/dicom</Content-Type><Content-MD5>1B2M2Y8AsgTpgAmY7PhCfg==</Content-MD5>"
    "<BlobType>BlockBlob</BlobType><LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState>"
    "</Properties></Blob>"
)


@contextmanager
def large_container(blobs: int) -> Iterator[str]:
    """Serve one account with a container of ``blobs`` views of clinical cases; yield the account's blob endpoint."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(blobs)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/large"
        finally:
            server.shutdown()
            thread.join()


def _page(start: int, stop: int, following: str) -> bytes:
    numbers = range(start, stop)
    blobs = (BLOB.format(number=n, case=n // len(VIEWS), view=VIEWS[n % len(VIEWS)]) for n in numbers)
    head = '<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="http://x/" ContainerName="x">'
    return f"{head}<Blobs>{''.join(blobs)}</Blobs><NextMarker>{following}</NextMarker></EnumerationResults>".encode()


def _handler(blobs: int) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
            body = b""
            if query.get("comp") == "list":
                start = int(query.get("marker", "0"))
                stop = min(blobs, start + int(query.get("maxresults", MOST_ON_A_PAGE)))
                body = _page(start, stop, str(stop) if stop < blobs else "")
            self.send_response(200)
            for name, value in (("ETag", '"0x1"'), ("Last-Modified", MODIFIED), ("Content-Type", "application/xml")):
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Keep the tests' output clean."""

    return Handler
