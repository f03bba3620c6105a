"""Simulated servers the tests run against."""
