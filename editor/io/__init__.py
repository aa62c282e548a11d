"""Pictures and projects on disk: reading, writing, and the metadata that travels with them."""
