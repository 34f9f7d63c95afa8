"""`mmgen replay`: make a picture again from the recipe it holds."""

from pathlib import Path

import click

from mmgen.cli.output import JSON_OPTION, examples, note, print_json
from mmgen.cli.request import check_picture, parse_pairs
from mmgen.cli.threads import wait_politely
from mmgen.media.targets import check_output, picture_format


@click.command(
    "replay",
    epilog=examples(
        "mmgen replay sevens.png",
        "mmgen replay sevens.png -o again.png",
        "mmgen replay filled.png --image half.png --mask mask.png",
        "mmgen replay old.png --model ./runs/cats/model --device cuda",
        more="Exit code: 0 where the pictures are identical, 1 where they differ.",
    ),
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--image", multiple=True, metavar="F", help="A picture that the model was given.")
@click.option("--mask", multiple=True, metavar="F", help="A mask that the model was given.")
@click.option(
    "--input", "inputs", multiple=True, metavar="SLOT=F", help="A medium that any input was given."
)
@click.option("--model", metavar="MODEL", help="The model, where it is now elsewhere.")
@click.option("--device", metavar="D", help="Default: the recipe's, or cpu where it is not here.")
@click.option(
    "--dtype", type=click.Choice(("float32", "bfloat16", "float16")), help="Not the recipe's."
)
@click.option("--batch-size", type=click.IntRange(min=1), metavar="B", help="Not the recipe's.")
@click.option("-o", "--output", metavar="PATH", help="Where the new picture goes, if anywhere.")
@click.option("--force", is_flag=True, help="Replace what exists.")
@JSON_OPTION
def command(
    file: Path,
    image: tuple[str, ...],
    mask: tuple[str, ...],
    inputs: tuple[str, ...],
    model: str | None,
    device: str | None,
    dtype: str | None,
    batch_size: int | None,
    output: str | None,
    force: bool,
    as_json: bool,
) -> int:
    """Make a picture again from the recipe it holds.

    Says "identical" where all pixels (8 bit) are equal; else by how much they differ, and what
    has changed since: versions, device, weights.

    Pictures that the model was given are not in the recipe, only their hashes: name their files,
    in any order. Files of the same name beside FILE are tried unasked.
    """
    from mmgen.cli.recipes import read_checked_recipe

    recipe = read_checked_recipe(file)
    media = [*image, *mask, *(path for _, path in parse_pairs(inputs, "--input"))]
    for path in media:
        check_picture(path)
    if output:
        picture_format(Path(output))
        check_output(Path(output), force=force)

    wait_politely()
    from mmgen.cli.replaying import Setting, replay  # torch from here on

    setting = Setting(model=model, device=device, dtype=dtype, batch_size=batch_size)
    result = replay(file, recipe, media, setting)
    files: list[str] = []
    if output:
        layout = recipe.get("layout") or {}
        files = [str(path) for path in result.samples.save(output, force=force, **layout)]
    if as_json:
        print_json({**result.to_dict(), "files": files})
    else:
        click.echo("\n".join([result.verdict, *files]))
        for change in result.changes:
            note(f"changed since: {change}")
    return 0 if result.identical else 1
