"""Clinical cases: which parts each has, never what its report says."""
