"""The application's logic without a window: methods, jobs, candidates, documents, settings."""
