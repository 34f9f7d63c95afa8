"""Identifiers, against those that git itself gave."""

from hub_server import git_objects

FILES = {"a/b/x": b"1", "a-b": b"2", "a.b": b"3", "ab": b"4"}


def test_trees_and_commits_are_named_as_git_names_them() -> None:
    blobs = {path: git_objects.object_id("blob", content) for path, content in FILES.items()}
    tree = git_objects.tree_id(blobs)
    assert tree == "d8e0337a5573727c77b45bce1e03c164bee12297"
    first = git_objects.commit_id(tree, [], author="ann", seconds=1700000000, message="one\n")
    assert first == "00aef086db58466788d7bf217b3be8bd500e5786"
    second = git_objects.commit_id(tree, [first], author="ann", seconds=1700000001, message="two\n")
    assert second == "0c88b57d87d14a08ad2a2ae8141b2d41d5e9ed8f"
