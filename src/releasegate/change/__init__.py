"""What this release promises: the change file, typed."""
