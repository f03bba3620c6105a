"""`msdctl setup`: what makes an installed msd start at login and by a call, and its undoing."""
