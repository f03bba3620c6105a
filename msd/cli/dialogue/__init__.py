"""What goes on between the daemon and a person: progress of jobs, Ctrl-C, signing in."""
