"""The query model, the one analysis chain and the engines behind it."""
