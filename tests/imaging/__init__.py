"""Drawing: images of every kind are written here by hand, and read by Pillow and pydicom as independent oracles."""
