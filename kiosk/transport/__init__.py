"""Carries signed calls to the central side."""
