"""What changed on a media server since a cursor, and what changes right now."""
