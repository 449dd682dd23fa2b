"""Every change to sessions (`signing_in`), accounts (`accounts`), their shelters (`scopes`) and PINs (`pins`)."""
