"""Programme countries and their desks."""
