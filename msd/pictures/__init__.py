"""Pictures: checked and scaled in a process of their own, stored below a cap.

checker.py    the process: reads a picture that may be hostile, writes one that is safe
process.py    starts that process, and starts it again when a picture ended it
store.py      files by key, the least recently used removed first
absences.py   pictures that are not to be had, so that nobody is asked for them again
"""
