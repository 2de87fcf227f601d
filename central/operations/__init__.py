"""The pages for the people who run the fleet; they read, and change nothing of the collector."""
