"""What a simulated plex.tv answers."""
