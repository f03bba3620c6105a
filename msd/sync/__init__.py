"""How one source is copied into the cache: the algorithm, free of processes and of SQL."""
