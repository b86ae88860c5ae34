"""The gate for burned-in text: a scan with text in its pixels is exported once a person has accepted it."""
