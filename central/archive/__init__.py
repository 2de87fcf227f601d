"""What the central side keeps on disk, and the one place that knows how."""
