"""Known ways to break the deployment, and the way back from each."""
