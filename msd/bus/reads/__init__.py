"""The interfaces that read the cache: Library, Json, Artwork."""
