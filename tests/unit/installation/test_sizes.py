import pytest

from pipeline.errors import ConfigurationError
from pipeline.model.documents.sizes import format_size, parse_size


@pytest.mark.parametrize(("text", "size"), [("1", 1), ("512Mi", 512 * 1024**2), ("1Gi", 1024**3), ("1500", 1500)])
def test_sizes_come_back_as_they_were_written(text: str, size: int) -> None:
    assert parse_size(text) == size
    assert format_size(size) == text


@pytest.mark.parametrize("text", ["", "0", "0Gi", "1.5Gi", "-1", "1G", "1 Gi", "Gi", "9" * 16])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="is not a size"):
        parse_size(text)
