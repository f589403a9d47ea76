"""A page of a few messages, drawn for one look at it from the inside."""

GONE = "Content unavailable"
SVG = (
    "<svg xmlns='http://www.w3.org/2000/svg' width='160' height='120'>"
    "<rect fill='hsl(%s 50%%25 50%%25)' width='160' height='120'/></svg>"
)


def picture(name, width=160, height=120, hue=200):
    """Return a picture that the browser paints, whose address ends with `name`."""
    return f'<img width="{width}" height="{height}" src="data:image/svg+xml,{SVG % hue}#{name}">'


def media(page, rows, *messages, **asked):
    """Return how the media stand on a page of `rows`; a message is (id, address, ...)."""
    page.set_content(
        "<main>" + "".join(f'<article id="m-{at}">{row}</article>' for at, row in rows.items()) + "</main>"
    )
    page.wait_for_function("[...document.images].every((image) => image.complete)")
    given = [{"id": key, "text": "", "needles": [[one] for one in files]} for key, *files in messages]
    state = page.evaluate("asked => __releasegate.thread(asked)",
                          {"messages": given, "css": "", "unavailable": GONE, **asked})  # fmt: skip
    return [(one["state"], one["tied"], one["says"]) for one in state["media"]]
