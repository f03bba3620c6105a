"""What the simulated server holds: items, users' data, generated libraries."""
