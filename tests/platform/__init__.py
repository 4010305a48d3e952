"""A whole delivery target on one machine: real programs, no containers, no root.

* ``binaries``      finds or builds the programs (``binary("kustomize")``)
* ``control_plane`` etcd, API server, controllers, scheduler, and simulated nodes
* ``registries``    a registry with the referrers API and Debian's without it
* ``__main__``      ``python -m tests.platform up`` for people

Nothing is imported here: ``setup`` has to work on a bare Python.
Linux only (process identity is read from ``/proc``).
"""
