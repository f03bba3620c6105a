"""From a media server's answers to items: shapes, texts and values; no I/O."""
