"""doubleread: training sets from double-read mammography."""
