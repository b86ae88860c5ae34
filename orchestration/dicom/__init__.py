"""The DICOM standard, without stores and databases: reading, stored values, greys, codecs, codestreams, encoding."""
