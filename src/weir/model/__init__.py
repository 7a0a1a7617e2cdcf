"""The vocabulary every room shares: record fields, resources and their lifecycle, failures. Standard library only."""
