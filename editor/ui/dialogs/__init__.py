"""Windows that come and go; none of them stops the canvas while something runs."""
