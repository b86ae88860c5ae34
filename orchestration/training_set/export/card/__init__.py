"""The data card of a generation: ``README.md``, ``croissant.json`` and ``index.html``, for whoever gets a copy.

``facts`` counts what the card says and ``composing`` writes it to ``card.json``, which belongs to every generation; the
three others follow from that file, from the files that they describe and from the images, and so are made only where
those differ from the current generation's. ``statement`` is what the owner says, which nobody could count.
"""
