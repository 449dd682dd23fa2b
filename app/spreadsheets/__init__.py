"""Safe reading of XLSX and CSV (`reading`) within `limits`; an unreadable file is refused with one message."""
