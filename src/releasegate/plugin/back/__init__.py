"""The ways back from a release: what each would do on this target, what it loses, and until when it can be taken."""
