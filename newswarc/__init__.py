"""The words that all of newswarc shares: items, settings, sources, ledger, and the command line."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("newswarc")
except PackageNotFoundError:  # run from a checkout that was never installed
    __version__ = "0"
