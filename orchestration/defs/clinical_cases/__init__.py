"""Clinical cases: the index of their images, their reports, and a folder for each."""
