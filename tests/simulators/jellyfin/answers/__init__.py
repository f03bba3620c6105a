"""How the simulated server lists, filters and writes its rows."""
