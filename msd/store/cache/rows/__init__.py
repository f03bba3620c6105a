"""From a `MediaItem` to the rows of an item: bounded, hashed, linked."""
