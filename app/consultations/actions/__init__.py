"""Records consultations (`recording`), corrects and voids them (`corrections`), imports spreadsheets of them."""
