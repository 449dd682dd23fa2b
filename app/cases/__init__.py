"""What spans rooms of equal rank: a desk's day."""
