"""Writes an HTML report with so many changes: ``python -m tests.bench.report_page 5000 page.html``."""

from __future__ import annotations

import sys
from pathlib import Path

from pipeline.reports import render_result
from tests.report_material import many

if __name__ == "__main__":
    Path(sys.argv[2]).write_text(render_result(many(int(sys.argv[1])), "html"), encoding="utf-8")
