"""Request state (`request_state`, `replay`), `workflow` and `gates`, `closing`, and what a request starts as."""
