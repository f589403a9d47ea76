"""A real browser that looks at pages nobody here wrote, and changes nothing behind them."""

from releasegate.probes.browser.site import Site, open_site

__all__ = ["Site", "open_site"]
