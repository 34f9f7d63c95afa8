"""What `mmgen run` imports: its time to the first picture is little more than torch's own."""

import subprocess
import sys
from pathlib import Path

from .conftest import environment


def test_the_first_picture_needs_neither_torchs_compiler_nor_the_hub(
    zoo_folder: Path, tmp_path: Path
) -> None:
    code = (
        "import sys; from mmgen.cli import main; code = main(sys.argv[1:]); "
        "print(*[m for m in ('torch._dynamo', 'sympy', 'rich', 'huggingface_hub', 'datasets', "
        "'accelerate') if m in sys.modules]); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "run", "tiny-pets", "--label", "cat", "-o", "x.png"],
        env=environment(zoo_folder),
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "x.png\n\n"
