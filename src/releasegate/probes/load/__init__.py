"""Load on an API: what to ask (aim), how much of it (run), and one Locust process that does it (driver)."""
