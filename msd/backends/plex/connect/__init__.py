"""The way to a media server: its addresses, its identity, and requests to it."""
