"""`seatrial explain`: why a rule exists, how to mend what it found, one example."""

from typing import TYPE_CHECKING

import click

from seatrial.cli.wrapping import terminal_width, wrapped

if TYPE_CHECKING:
    from seatrial.rules.explanations import Explanation

__all__ = ["command"]


@click.command(short_help="Explain a rule.")
@click.argument("rule", required=False)
@click.option("--lang", type=click.Choice(["en", "zh"]), default="en", help="Language of the texts.")
@click.option("--json", "json_to", metavar="FILE", help="Write JSON; - for stdout, and nothing else there.")
def command(rule: str | None, lang: str, json_to: str | None) -> None:
    """Explain a RULE: why it exists, how to mend what it found, one example. Without RULE, list all of them.

    \b
    seatrial explain                        every id with its title
    seatrial explain st-libc-001            one rule
    seatrial explain ST-ISA-001 --lang zh   in Chinese
    """
    import msgspec

    from seatrial.cli.json_output import write_json
    from seatrial.rules.explanations import explanation, explanation_ids
    from seatrial.tables.messages import translate

    told = [explanation(rule)] if rule else [explanation(id_) for id_ in explanation_ids()]

    def as_json(one: "Explanation") -> dict[str, object]:
        fields: dict[str, object] = msgspec.to_builtins(one.page)
        return {"id": one.page.id, "title": translate(one.title, lang), **fields} | {
            "why": getattr(one.page.why, lang),
            "mend": getattr(one.page.mend, lang),
        }

    if json_to:
        shown: object = as_json(told[0]) if rule else [as_json(one) for one in told]
        write_json(json_to, shown)
    elif rule:
        _print_page(told[0], translate(told[0].title, lang), lang)
    else:
        for one in told:
            click.echo(f"{one.page.id:<24} {one.page.severity.value:<8} {translate(one.title, lang)}")


_WIDEST = 100
"""Columns of a page."""

_HEADINGS = {
    "en": ("Why", "How to mend it", "What it rests on", "Example", "Sources"),
    "zh": ("原因", "如何修复", "判断依据", "示例", "来源"),
}


def _print_page(told: "Explanation", title: str, lang: str) -> None:
    why, mend, evidence, example, sources = _HEADINGS[lang]
    page = told.page
    width = min(terminal_width() or _WIDEST, _WIDEST) - 2
    click.secho(f"{page.id}  {title}", bold=True)
    click.echo(f"{page.severity.value}, {page.confidence.value}")
    for heading, text in ((why, getattr(page.why, lang)), (mend, getattr(page.mend, lang))):
        click.echo()
        click.secho(heading, bold=True)
        click.echo("  " + wrapped(text, width, 2))
    click.echo()
    click.secho(evidence, bold=True)
    click.echo("\n".join(f"  {line}" for line in page.evidence))
    click.echo()
    click.secho(example, bold=True)
    click.echo("\n".join(f"  {line}" for line in page.example.strip().splitlines()))
    click.echo()
    click.secho(sources, bold=True)
    click.echo("\n".join(f"  {line}" for line in page.sources))
