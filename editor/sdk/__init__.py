"""What a plugin imports: how a method declares itself and what it is handed when it runs."""
