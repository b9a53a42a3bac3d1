"""Fetches: discovery, spiders, and the download handler that archives before it answers."""
