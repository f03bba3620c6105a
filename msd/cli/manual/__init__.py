"""Man pages, HTML documentation of the bus and shell completions, made from the program itself."""
