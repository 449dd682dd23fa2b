"""Changes of return requests: `create`, `record_stage` and `stop_resume_close`, which both use `append_step`."""
