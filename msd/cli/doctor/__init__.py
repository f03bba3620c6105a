"""`msdctl doctor`, `logs`, `bundle` and `config`: what is wrong, and what to do about it."""
