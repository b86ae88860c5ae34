"""What every endpoint shares: views with roles, errors and their statuses, strict JSON, headers, schema helpers."""
