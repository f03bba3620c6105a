"""Syncs: is what is cached fresh, and when is it brought up to date?"""
