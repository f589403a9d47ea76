"""A small real inbox, deployed on this machine: the known-good deployment that the gates are tried on.

It knows nothing of the gates. `python -m reference_inbox up --state DIR` starts it, `advance` walks it through
the release of FEAT-2025-20251103111429, `break` and `mend` seed and repair faults, `down` removes it.
"""
