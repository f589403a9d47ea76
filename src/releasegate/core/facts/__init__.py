"""Plain values that a probe brings back and a check judges: frozen, standard library only."""
