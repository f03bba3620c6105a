"""From the JSON of a Jellyfin server to msd's models; no I/O."""
