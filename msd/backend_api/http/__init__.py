"""HTTP for backends: guarded connections, bounded answers, errors translated in one place."""
