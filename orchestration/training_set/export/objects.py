"""Where what a destination holds lies in it. Workers and questions import this and no store."""

CURRENT = "current"
GENERATIONS = "generations"
OBJECTS = "objects"


def object_path(sha256: str, path: str) -> str:
    """Where content lies below a destination; it keeps the ending of its path."""
    return f"{OBJECTS}/{sha256[:2]}/{sha256}{path[path.rfind('.') :]}"
