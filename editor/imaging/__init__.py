"""Shared pixel operations on numpy arrays, without state and without I/O."""
