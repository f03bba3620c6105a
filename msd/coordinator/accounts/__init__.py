"""Accounts: who may see what, how they sign in, and how sources are added and removed."""
