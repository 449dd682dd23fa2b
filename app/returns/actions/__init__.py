"""Opens requests (`opening`), records their steps (`moving`) and their other turns (`turning`)."""
