"""What a media server lists: libraries, rows window by window, members, rows by id."""
