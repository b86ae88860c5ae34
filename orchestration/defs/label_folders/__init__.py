"""One folder of annotated pictures per label."""
