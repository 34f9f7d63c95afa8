"""Files of vectors: three formats, and what may be wrong with them."""

import gzip
import struct

import pytest
import torch
from mmgen_plugin_text.vector_files import read_vectors

from mmgen.errors import DataError, MmgenWarning

WORDS = {"the": [0.5, -1.0, 2.0], "fox": [1.5, 0.25, -3.0], "狐": [0.0, 1.0, 1e-3]}

MARK = b"\xef\xbb\xbf"


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
        MARK + text_rows().encode(),
        MARK + b"3 3\n" + text_rows().encode(),
        MARK + binary(),
        gzip.compress(text_rows().encode(), mtime=0),
        gzip.compress(binary(), mtime=0),
    ],
    ids=[
        *["glove", "word2vec", "no-end", "windows", "spaces", "binary", "bare"],
        *["mark", "word2vec-mark", "binary-mark", "gz", "binary-gz"],
    ],
)
def test_each_format_is_read(write, content):
    found = read_vectors(write(content))
    assert found.words == tuple(WORDS)
    assert found.values.dtype == torch.float32
    torch.testing.assert_close(found.values, torch.tensor([*WORDS.values()]))


def test_a_word_may_have_spaces(write):
    rows = "the 1 2 3\n. . . 4 5 6\nto name@domain.com 7 8 9\n1 1/2 1 1 1\n"
    words = ("the", ". . .", "to name@domain.com", "1 1/2")
    assert read_vectors(write(rows)).words == words
    assert read_vectors(write("4 3\n" + rows)).words == words


def test_a_word_may_be_a_number(write):
    rows = "1999 1 2\n-0.5 3 4\nnan 5 6\n"
    for content in (rows, "3 2\n" + rows):
        found = read_vectors(write(content))
        assert found.words == ("1999", "-0.5", "nan")
        assert found.values.tolist() == [[1, 2], [3, 4], [5, 6]]


@pytest.mark.parametrize("promised", [7, 49, 51, 300])
def test_rows_of_another_length_than_the_header_promises_are_refused(write, promised):
    numbers = " ".join(f"{0.01 * place - 0.2:.5f}" for place in range(50))
    rows = "".join(f"wörd{index} {numbers}\n" for index in range(400))
    words = rf"line 2: a word and {promised} numbers are due.*got 50 numbers: b'w.+rd0 "
    with pytest.raises(DataError, match=words):
        read_vectors(write(f"400 {promised}\n{rows}"))


@pytest.mark.parametrize("promised", [1, 9, 11, 30])
def test_a_binary_of_another_length_than_its_header_promises_is_refused(write, promised):
    values = torch.randn(50, 10, generator=torch.Generator().manual_seed(0)).numpy()
    rows = b"".join(f"w{index} ".encode() + row.tobytes() for index, row in enumerate(values))
    assert len(read_vectors(write(b"50 10\n" + rows)).words) == 50
    with pytest.raises(DataError, match=r"as its first line promises|that its first line promises"):
        read_vectors(write(f"50 {promised}\n".encode() + rows))


def test_a_binary_whose_first_numbers_have_the_byte_of_a_line_s_end_is_no_text(write):
    values = [struct.unpack("<f", first + b"\x0a\xcd\x3e")[0] for first in (b"7", b"1", b"\x0a")]
    found = read_vectors(write(binary({"one": values, "two": [0.1, 0.2, 0.3]})))
    assert found.words == ("one", "two")
    assert found.values[0].tolist() == values


@pytest.mark.parametrize("dimension", [2, 5, 50])
def test_a_binary_of_any_numbers_is_known_as_one(write, dimension):
    rng = torch.Generator().manual_seed(dimension)
    for count in (3, 30):
        for _ in range(25):
            values = torch.randn(count, dimension, generator=rng)
            rows = [
                f"w{place} ".encode() + row.numpy().tobytes() for place, row in enumerate(values)
            ]
            found = read_vectors(write(f"{count} {dimension}\n".encode() + b"\n".join(rows)))
            assert torch.equal(found.values, values)


def test_a_text_is_known_by_its_first_row_whatever_follows(write):
    assert read_vectors(write(b"2 2\na 1 2\n\x01\x02 3 4\n")).words == ("a", "\x01\x02")


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
        ("a 1 2\nb 3 4 5\n", r"line 2: a word and 2 numbers are due.*got 3 numbers: b'b 3 4 5'"),
        ("a 1 2\nwin 95 4 5\n", r"a word that has spaces must not end in a number; fetch"),
        ("a 1 2\nb  3  4\n", r"line 2: a word and 2 numbers are due"),
        ("1 2\na 1 x\n", r"line 2: a word and 2 numbers are due.*got 1 numbers: b'a 1 x'"),
        ("2 2\na\t1 2 3\nb\t1 2 3\n", r"line 2: a word and 2 numbers are due"),
        ("900 2\na 1 2\nb 3 4\n", r"as its first line promises: 900; got 2; fetch"),
        ("1 2\na 1 2\nb 3 4\n", r"as its first line promises: 1; got 2; fetch"),
        (binary(count=2), r"must end after the 2 words × 3 that its first line promises"),
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
