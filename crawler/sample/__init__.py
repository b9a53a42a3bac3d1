"""The sample outlets and the misbehaving site of the tests, served on loopback."""
