"""From an `ItemQuery` to SQL: conditions, order, and the page after a cursor."""
