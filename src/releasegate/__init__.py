"""Deployment gates written as pytest tests: GO or NO-GO between the steps of a runbook, with evidence."""
