"""Requests to a Jellyfin server: sessions, routes, queries and paged lists."""
