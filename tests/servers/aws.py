"""Placeholder until its fixtures are written."""
