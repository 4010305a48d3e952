"""The workflows of ``examples/github`` and the actions of ``actions/``, run by act on this machine."""
