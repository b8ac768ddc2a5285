"""draw.py - bars beside each other, as SVG."""

import math
import statistics
from xml.sax.saxutils import escape

COLOURS = {"libdtls": "#0b6e4f", "libdtls+ipsec-mb": "#6bbf59", "openssl": "#b23a48", "gnutls": "#d98e04",
           "mbedtls": "#3d5a80", "wolfssl": "#8e6c8a", "nettle": "#999999"}
WIDTH, LEFT, TOP, HEIGHT, FOOT = 900, 90, 60, 320, 70


def step_of(most):
    """Between two lines of the grid: 1, 2 or 5 times a power of ten, so that there are 4 to 10 of them."""
    power = 10 ** math.floor(math.log10(most))
    return next(power * factor for factor in (0.1, 0.2, 0.5, 1, 2, 5) if most / (power * factor) <= 8)


def bars(path, title, unit, groups, titles):
    """`groups`: the label of each, and its values, above 0, by implementation. Bars that would make the others short are
    cut, and say so. Without values there is no picture."""
    groups = {label: values for label, values in groups.items() if values}
    if not groups:
        return
    most = max(min(max(values.values()), 3 * statistics.median(values.values())) for values in groups.values())
    step = step_of(most)
    impls = [impl for impl in COLOURS if any(impl in values for values in groups.values())]
    shapes = []

    def text(x, y, words, size=13, anchor="middle"):
        shapes.append(f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}">{escape(words)}</text>')

    def y_of(value):
        return TOP + HEIGHT * (1 - value / most)

    text(LEFT, 24, title, 17, "start")
    text(LEFT, 44, unit, 12, "start")
    for number in range(int(most / step) + 1):
        y = y_of(number * step)
        shapes.append(f'<line x1="{LEFT}" x2="{WIDTH - 10}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ccc"/>')
        text(LEFT - 6, y + 4, f"{number * step:,.0f}", 12, "end")
    wide = (WIDTH - LEFT - 10) / len(groups)
    bar = wide * 0.85 / len(impls)
    for place, (label, values) in enumerate(groups.items()):
        at = LEFT + wide * (place + 0.075)
        for impl in impls:
            if impl in values:
                top = y_of(min(values[impl], most))
                shapes.append(f'<rect x="{at:.1f}" y="{top:.1f}" width="{bar * 0.9:.1f}" '
                              f'height="{TOP + HEIGHT - top:.1f}" fill="{COLOURS[impl]}"/>')
                if values[impl] > most:
                    text(at + bar * 0.45, top - 4, f"{values[impl]:,.0f}", 9)
            at += bar
        text(LEFT + wide * (place + 0.5), TOP + HEIGHT + 20, label)
    for place, impl in enumerate(impls):
        x = 20 + place * (WIDTH - 20) / len(impls)
        shapes.append(f'<rect x="{x:.1f}" y="{TOP + HEIGHT + 38}" width="12" height="12" fill="{COLOURS[impl]}"/>')
        text(x + 17, TOP + HEIGHT + 49, titles[impl], 12, "start")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {TOP + HEIGHT + FOOT}" '
                   f'font-family="system-ui, sans-serif" fill="#222"><rect width="{WIDTH}" '
                   f'height="{TOP + HEIGHT + FOOT}" fill="#fff"/>{"".join(shapes)}</svg>\n')
