"""What was asked for, before anything heavy is imported."""

from pathlib import Path

import pytest

from mmgen.cli.request import read_prompts
from mmgen.errors import InputError


def test_texts_are_taken_as_they_are() -> None:
    assert read_prompts(["a fox", "", "mail me@home"]) == ["a fox", "", "mail me@home"]


def test_a_file_s_lines_are_texts(tmp_path: Path) -> None:
    path = tmp_path / "prompts.txt"
    path.write_text("\ufeffein Fuchs \n\n红色的狐狸\r\n@home", encoding="utf-8")
    expected = ["a whale", "ein Fuchs", "红色的狐狸", "@home", "last"]
    assert read_prompts(["a whale", f"@{path}", "last"]) == expected


def test_two_signs_are_one() -> None:
    assert read_prompts(["@@home"]) == ["@home"]


@pytest.mark.parametrize("content", [None, b"", b" \n\n", b"\xff\xfe\x00"])
def test_a_file_without_texts_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "prompts.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"prompts\.txt: the file"):
        read_prompts([f"@{path}"])
