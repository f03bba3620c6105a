"""Sign in to a Plex account, and find the servers that it reaches."""
