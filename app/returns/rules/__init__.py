"""How a request stands (`standing`), its way and gates (`way`), its end (`ending`), its beginning (`opening`)."""
