"""Sign in to a Jellyfin server: password, API key, Quick Connect."""
