"""Weir: VPC flow logs for any Linux network, exact, explained and queryable."""

__version__ = "0.1.0"
