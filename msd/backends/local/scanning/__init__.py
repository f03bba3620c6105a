"""One walk of a folder and what follows from it; what is remembered between two walks."""
