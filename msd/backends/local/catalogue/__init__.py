"""Libraries, films, shows and episodes, made from names."""
