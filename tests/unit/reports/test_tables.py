from __future__ import annotations

from pipeline.reports.text.tables import table


def test_columns_stand_below_each_other_whatever_is_in_them() -> None:
    rows = [("web", "main", "x"), ("決済", "リリース", "y"), ("cafe\u0301", "b", "z")]

    assert table(("NAME", "BRANCH", "END"), rows) == (
        "NAME  BRANCH    END\n"
        "web   main      x\n"
        "決済  リリース  y\n"
        "cafe\u0301  b         z\n"
    )  # fmt: skip
