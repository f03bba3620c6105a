"""Find a Jellyfin server: typed addresses, base paths, discovery on the local network."""
