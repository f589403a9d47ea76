"""What a page must be, must show and must do, judged from what a browser saw."""
