"""`cnncalc guide`."""

from typing import Annotated

import typer

from cnncalc.cli import options
from cnncalc.cli.output import emit, find_width, make_view, uses_color
from cnncalc.errors import UsageError


def _complete_topic(incomplete: str) -> list[str]:
    from cnncalc.guide import TOPICS

    return [topic for topic in TOPICS if topic.startswith(incomplete)]


Topic = Annotated[str | None, options.argument("[TOPIC]", "A page of the guide, e.g. counting.", _complete_topic)]


Lang = Annotated[options.Language, typer.Option("--lang", help="Language of the page: the tour is in Chinese too.")]


def guide(
    topic: Topic = None,
    lang: Lang = options.Language.en,
    output: options.Output = None,
    width: options.Width = None,
    color: options.ColorOption = options.Color.auto,
) -> None:
    """Read the guide: the language, what is counted, receptive fields, formats, limits.

    Without a topic, list the pages. A page is shown formatted on a terminal, as Markdown in a pipe or a file
    unless --width is given.
    """
    from cnncalc.guide import TOPICS, TRANSLATED, page
    from cnncalc.render.guide import format_page, list_topics

    if topic is not None and topic not in TOPICS:
        from cnncalc.nearest import did_you_mean

        raise UsageError(f"there is no guide page {topic!r}; {did_you_mean(topic, TOPICS) or 'see cnncalc guide'}")
    if topic not in TRANSLATED.get(lang, (topic,)):
        raise UsageError(f"in this language there is `cnncalc guide {' '.join(TRANSLATED[lang])} --lang {lang}`")
    if topic is None:
        from cnncalc.render.show import show

        view = make_view(output, width, color)
        emit(show(list_topics(TOPICS), view), output)
        return
    colored = uses_color(color, output)
    formatted = colored or width is not None
    emit(format_page(page(topic, lang), width or find_width(output), color=colored, formatted=formatted), output)
