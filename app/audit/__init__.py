"""Who saw or changed what: append-only, each entry chained to the one before it. No value ever stands here."""
