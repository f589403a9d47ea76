"""The server of the pages: static files, and the one page for every address of the application."""
