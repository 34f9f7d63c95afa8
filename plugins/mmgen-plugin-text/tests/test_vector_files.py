"""Files of vectors: three formats, and what may be wrong with them."""

import gzip
import struct

import pytest
import torch
from mmgen_plugin_text.vector_files import read_vectors

from mmgen.errors import DataError, MmgenWarning

WORDS = {"the": [0.5, -1.0, 2.0], "fox": [1.5, 0.25, -3.0], "狐": [0.0, 1.0, 1e-3]}


def text_rows(words=WORDS):
    return "".join(f"{word} {' '.join(map(str, row))}\n" for word, row in words.items())


def binary(words=WORDS, *, newline=b"\n", count=None):
    rows = [
        word.encode() + b" " + struct.pack("<3f", *row) + newline for word, row in words.items()
    ]
    return f"{len(words) if count is None else count} 3\n".encode() + b"".join(rows)


@pytest.fixture
def write(tmp_path):
    def write(content, name="vectors.txt"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.mark.parametrize(
    "content",
    [
        text_rows(),
        "3 3\n" + text_rows(),
        text_rows().rstrip("\n"),
        text_rows().replace("\n", "\r\n"),
        text_rows().replace("\n", " \n"),
        binary(),
        binary(newline=b""),
        gzip.compress(text_rows().encode(), mtime=0),
        gzip.compress(binary(), mtime=0),
    ],
    ids=["glove", "word2vec", "no-end", "windows", "spaces", "binary", "bare", "gz", "binary-gz"],
)
def test_each_format_is_read(write, content):
    found = read_vectors(write(content))
    assert found.words == tuple(WORDS)
    assert found.values.dtype == torch.float32
    torch.testing.assert_close(found.values, torch.tensor([*WORDS.values()]))


def test_a_word_may_have_spaces(write):
    found = read_vectors(write("the 1 2 3\n. . . 4 5 6\n"))
    assert found.words == ("the", ". . .")


def test_wanted_words_come_first_among_those_that_have_room(write):
    path = write(text_rows())
    assert read_vectors(path, ["狐"], most=2).words == ("the", "狐")
    assert read_vectors(path, ["狐", "not there"], most=1).words == ("狐",)


def test_a_word_that_comes_again_keeps_its_first_vector(write):
    path = write("a 1 2\nb 3 4\na 5 6\n")
    with pytest.warns(MmgenWarning, match="1 words come again: they keep their first"):
        found = read_vectors(path)
    assert found.values.tolist() == [[1, 2], [3, 4]]


def test_a_word_that_is_no_utf_8_is_left_out_in_words(write):
    path = write(b"a 1 2\n\xff\xfe 3 4\n")
    with pytest.warns(MmgenWarning, match="1 words are no UTF-8"):
        assert read_vectors(path).words == ("a",)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("a 1 2\nb 3\n", r"line 2: a word and 2 numbers are due"),
        ("a 1 2\nb 3 x\n", r"line 2: a word and 2 numbers are due"),
        ("2 2\na 1 2\nb 3\n", r"line 3: a word and 2 numbers are due"),
        ("a 1 nan\n", "the vector of 'a' is not finite"),
        ("", "holds no vectors of words"),
        ("<html><body>not found</body></html>\n", "holds no vectors of words"),
        ("just some words here\n", "holds no vectors of words"),
        ("0 3\n", "promises 0 words × 3"),
        (binary()[:-5], r"ends within word 3 of 3"),
        (binary(count=9), r"ends within word 4 of 9"),
        (b"9 9999999999999999999999\n", "cannot be read"),
        (gzip.compress(text_rows().encode(), mtime=0)[:-12], "cannot be read"),
    ],
)
def test_a_file_that_is_none_of_these_is_refused(write, content, words):
    with pytest.raises(DataError, match=words):
        read_vectors(write(content))


def test_a_file_must_be_there_and_be_a_file(tmp_path):
    with pytest.raises(DataError, match=r"nothing\.txt cannot be read as vectors"):
        read_vectors(tmp_path / "nothing.txt")
    with pytest.raises(DataError, match="is a folder"):
        read_vectors(tmp_path)
