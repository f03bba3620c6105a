"""state.db: what cannot be fetched again from anywhere."""
