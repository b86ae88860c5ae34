"""The process behind ``s3``: moto's server until standard input ends."""

import sys

from moto.server import ThreadedMotoServer


def main() -> None:
    """Serve on a free loopback port and print where."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    sys.stdout.write(f"listening on http://{host}:{port}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
