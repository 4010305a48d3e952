import pytest

from tests.delivery.guide import masked, play_readme


@pytest.mark.cluster
@pytest.mark.tool
@pytest.mark.timeout(900)
def test_the_readmes_guide_does_what_it_shows() -> None:
    shown, now = play_readme()

    assert masked(now) == masked(shown)
