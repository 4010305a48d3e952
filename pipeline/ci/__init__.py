"""Where a pipeline runs and how it is told there: GitHub, GitLab, Tekton."""
