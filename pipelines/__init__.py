"""From an archived record to a searchable document: clean, derive, index."""
