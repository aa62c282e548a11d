"""Training: one harness for the weights that ship and for those learned from a user's own photos.

`worker` runs in a process of its own, started by `process`; torch is imported there alone.
"""
