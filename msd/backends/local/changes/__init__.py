"""What changed in a folder: by cursor, by rescanning a few directories, live."""
