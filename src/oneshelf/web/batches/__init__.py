"""What queues at this process and is decided together: one commit answers many."""
