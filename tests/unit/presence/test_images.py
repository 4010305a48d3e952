"""What a CI is told about images."""

from __future__ import annotations

import pytest

from pipeline.model.images.lock import ImagesLock, LockedImage
from pipeline.model.manifests import Origin, Resource
from pipeline.model.outcome import Result
from pipeline.model.outcome.images_check import CheckedImage, ImageProblem, ImagesCheckResult
from pipeline.model.outcome.images_lock import ImagesLockResult
from pipeline.model.outcome.images_update import ImagesUpdateResult
from pipeline.model.presence.annotations import annotations_of
from pipeline.model.presence.outputs import outputs_of
from pipeline.model.reporting import ReportContext
from pipeline.reports import render_result

DIGEST = f"sha256:{'a' * 64}"
POD = Resource.from_body({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}, Origin("app.yaml", 3))
LOCK = ImagesLock((LockedImage("web:1", DIGEST),))
HOSTILE = "<script>`|@acme\x1b[31m"
CHECKED = ImagesCheckResult(
    file="images.lock.yaml",
    images=3,
    problems=(
        CheckedImage(problem=ImageProblem.MISSING, image="web:1", found=DIGEST, resources=(POD,) * 5),
        CheckedImage(problem=ImageProblem.UNREADABLE, image=HOSTILE, resources=(POD,)),
        CheckedImage(problem=ImageProblem.UNUSED, image="old:1", locked=DIGEST),
    ),
)


@pytest.mark.parametrize(
    ("result", "outputs"),
    [
        (ImagesLockResult(file="f", before=ImagesLock(), lock=LOCK), {"changed": "true"}),
        (ImagesLockResult(file="f", before=LOCK, lock=LOCK), {"changed": "false"}),
        (CHECKED, {"changed": "true"}),
        (ImagesCheckResult(file="f", images=0), {"changed": "false"}),
        (ImagesUpdateResult(files=("a.yaml",)), {"changed": "true"}),
        (ImagesUpdateResult(), {"changed": "false"}),
    ],
)
def test_outputs_say_whether_anything_differs(result: Result, outputs: dict[str, str]) -> None:
    assert outputs_of(result) == outputs


def test_every_problem_is_a_remark_beside_the_object_the_gravest_first() -> None:
    told = [(item.severity.value, item.title, item.file, item.line) for item in annotations_of(CHECKED)]

    assert told == [
        ("error", "image unreadable", "app.yaml", 3),
        ("warning", "image missing", "app.yaml", 3),
        ("warning", "image unused", "", None),
    ]


def test_names_of_images_are_text_wherever_they_are_shown() -> None:
    text = render_result(CHECKED, "text")
    markdown = render_result(CHECKED, "markdown", context=ReportContext())

    assert "\x1b" not in text + markdown
    assert "<script>" not in markdown
    assert "and 2 more objects" in text
    assert "and 2 more" in markdown
