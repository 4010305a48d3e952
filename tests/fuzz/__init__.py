"""Strangers' bytes for everything that reads them: nothing but a :class:`PipelineError` may come out, and soon."""
