{{ staged_annotations(raw_annotations()) }}
