"""What changed on a Jellyfin server: cursors for metadata and watch state, and push."""
