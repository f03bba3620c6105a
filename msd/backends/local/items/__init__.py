"""One listed entry becomes one item: NFO files, pictures, streams."""
