"""Actors and places: who and what is known (watchlists, registry), and finding them in texts of eleven languages."""
