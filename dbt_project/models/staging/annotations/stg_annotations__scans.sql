{{ staged_scans(raw_scans()) }}
