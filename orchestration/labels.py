"""The four findings that doubleread knows, spelt as at the source (the first is misspelt there and stays so)."""

CAPTIONS = {
    "has_benign_microcalsifications": "Benign microcalcifications",
    "has_malign_microcalcifications": "Malignant microcalcifications",
    "has_benign_mass": "Benign mass",
    "has_malign_mass": "Malignant mass",
}
LABELS = tuple(CAPTIONS)
