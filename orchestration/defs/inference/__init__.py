"""Jobs over folders of DICOMs, started with a config, and the models over their runs."""
