"""What judges: pure functions over plain values, without I/O, clock or pytest."""
