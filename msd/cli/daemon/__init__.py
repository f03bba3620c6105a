"""The msd daemon as msdctl sees it: calls, signals, jobs, and finding things by name."""
