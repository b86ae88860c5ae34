"""DICOM: codecs for compressed frames, headers, archives, reassembly."""
