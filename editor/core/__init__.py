"""The document as a value: tiles, layers, states, history. Needs numpy and zstandard, nothing else."""
