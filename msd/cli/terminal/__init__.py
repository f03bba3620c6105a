"""The terminal: tables, progress and texts for people, JSON for scripts, and questions."""
