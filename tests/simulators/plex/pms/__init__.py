"""What a simulated Plex Media Server answers."""
