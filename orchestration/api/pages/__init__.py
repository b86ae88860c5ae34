"""Pages for people: templates, styles, and the views that are no API."""
