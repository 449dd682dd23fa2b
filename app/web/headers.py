"""The security headers of every response: what a page may load, run and be embedded in."""

from flask import Response

from app.settings import current_settings

CSP = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "font-src 'self'",
        "worker-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "object-src 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types ventanilla",
    )
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(), microphone=(), camera=()",
}
STRICT_TRANSPORT = "max-age=31536000; includeSubDomains"


def set_security_headers(response: Response) -> None:
    """Add the headers that the view did not set itself; in production also Strict-Transport-Security."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if current_settings().production:
        response.headers.setdefault("Strict-Transport-Security", STRICT_TRANSPORT)
