import sys
from pathlib import Path

import pytest

from thaman_kit.entry import start
from thaman_kit.settings import ServiceSettings


@pytest.fixture
def trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A service of two process types, one of which cannot even be imported."""
    package = tmp_path / "thaman_trial"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "relay.py").write_text("told = []\n\n\ndef run(settings):\n    told.append(settings)\n")
    (package / "api.py").write_text("raise ImportError('of no use to a relay')\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("THAMAN_DATABASE_URL", "postgresql://127.0.0.1/none")
    monkeypatch.setenv("THAMAN_API_KEY_PEPPER", "p" * 40)
    return package.name


def test_only_the_named_type_is_imported(trial: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["python", "relay"])
    start(trial, ("api", "relay"), ServiceSettings)
    (settings,) = sys.modules[f"{trial}.relay"].told
    assert isinstance(settings, ServiceSettings)
    assert f"{trial}.api" not in sys.modules


@pytest.mark.parametrize("given", [[], ["nonsense"], ["api", "relay"]])
def test_another_name_is_a_usage_error(
    trial: str, given: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["python", *given])
    with pytest.raises(SystemExit) as caught:
        start(trial, ("api", "relay"), ServiceSettings)
    assert caught.value.code == 64
    assert capsys.readouterr().err == "usage: python -m thaman_trial api|relay\n"
