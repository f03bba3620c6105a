"""Fakes that implement the real protocols over values in memory."""
