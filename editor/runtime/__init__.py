"""Learned models: what they are, where their files lie, and running them in tiles on the best device that works."""
