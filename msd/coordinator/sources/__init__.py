"""Sources: can each be reached, and why not?"""
