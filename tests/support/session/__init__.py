"""The programs of a session: bus, keyring, daemon, and those that listen."""
