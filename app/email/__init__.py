"""E-mail: the queue that a transaction writes, and its delivery later."""
