"""Clean images with annotations for networks, a generation at a time, in a folder or an object store.

In the order of the flow: ``selection`` (which scans, with what is known of them), ``images`` (verified copies to clean
pictures, each an object named by its content), ``splits`` (train, validation, test), ``composing`` (every file of a
generation, by the writers ``coco``, ``yolo``, ``imagefolder``, ``tables``, ``webdataset``), ``publishing`` (the whole
generation or nothing), all called by ``exporting.export``. Whoever reads an export needs ``generation`` alone.
"""
