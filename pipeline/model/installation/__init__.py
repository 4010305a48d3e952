"""What the puller consists of in a cluster, decided from the options of an installation alone."""

from __future__ import annotations
