"""What touches every room: health, the demo programme, backup and restore, benchmarks."""
