"""Completes the rows of a Jellyfin server: what listings lack, and single items."""
