"""What looks at a deployment. Probes measure and never judge."""
