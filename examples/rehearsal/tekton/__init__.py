"""A small local executor of Tekton's documents: Task, StepAction, Pipeline, TaskRun and PipelineRun.

It is not Tekton. It follows what Tekton's documentation says of these documents, and where that leaves something open,
what the controller is known to do. What it does not do is refused with an error, never passed over:
see ``NOT_DONE`` in ``account.py``.
"""
