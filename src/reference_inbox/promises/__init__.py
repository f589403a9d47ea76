"""What this deployment writes down for whoever looks at it: where it is, and what it promises beyond the runbook."""
