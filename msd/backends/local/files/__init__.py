"""What lies on the disk below a folder: names, kinds, mounts, safe reading."""
