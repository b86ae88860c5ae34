"""From the mart and the image store to one folder of annotated pictures per label, and their manifest.

In the order of the flow: ``scans.retrieve_scans`` (images that findings need, to verified local copies),
``label_folder.build_label_folder`` (one picture for each finding, nothing else), ``manifest.write_manifest``, and
``verification.verify_pictures`` (every finding has a picture that decodes and matches). Each can be run again at any
time and costs what has changed. Nothing is imported here: a process that draws needs neither database nor stores.
"""
