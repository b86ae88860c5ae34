"""DICOM SR: the double-matched findings of each scan as a measurement report (PS3.16 TID 1500)."""
