"""DICOMs that lie torn apart in tar archives: the index, the DICOMs, and what is in none."""
