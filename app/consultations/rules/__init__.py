"""The data of a consultation (`consultation_data`), its validity (`checks`), and consultations of `spreadsheets`."""
