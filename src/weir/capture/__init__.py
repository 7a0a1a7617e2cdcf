"""Capture: from packet to record. Kernel programs count, the agent drains, labels, spools and delivers."""
