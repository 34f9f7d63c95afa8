"""The notebooks run from the first cell to the last, and come without outputs."""

from pathlib import Path

import nbformat
import pytest
from examples import DOCS, make_sounds
from nbclient import NotebookClient

NOTEBOOKS = sorted(DOCS.glob("notebooks/*.ipynb"))


def name_of(path: Path) -> str:
    return path.stem


@pytest.mark.filterwarnings("default")  # what Jupyter warns of is its own
@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_a_notebook_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    make_sounds(tmp_path / "spoken")
    (tmp_path / "spoken" / "7" / "0.wav").rename(tmp_path / "seven.wav")
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert any("image/png" in output.get("data", {}) for cell in code for output in cell.outputs)
    assert sum(cell.source.count("assert ") for cell in code) >= 5


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_a_notebook_has_no_outputs_and_every_cell_a_place(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    assert notebook.cells[0].source.startswith("# ")
