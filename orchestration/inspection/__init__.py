"""Looking into folders, tables and DICOM files.

Entry points: ``list_folder`` in ``inspection.folder``, ``inspect_csv`` in ``inspection.tables``, ``inspect_dicom`` in
``inspection.dicom``. They are not imported here: listing a folder takes less time than importing a database engine.
"""
