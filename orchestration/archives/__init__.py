"""DICOMs torn apart into tar archives: the archives, their index, reassembly, and plans for billions."""
