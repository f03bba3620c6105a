"""Commands that show what there is: the front page, libraries, items, what happens."""
