"""What the service decides: the catalog and its only writers, access, inventory, flow logs, targets for the agents."""
