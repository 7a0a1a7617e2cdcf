"""What may be said: shapes, declared actions with their failures, signatures. Knows nothing of who acts on it."""
