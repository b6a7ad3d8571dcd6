#!/usr/bin/env python3
"""Draws the pictures that the program has for feeds and pages, into src/serve/art: three streams that become one.

icon.svg and icon.png are square, logo.png is twice as wide as high (RFC 4287 asks for that), favicon.ico is the icon in small.
Needs nothing but Python; the same script draws the same bytes with the same zlib.
"""

import math
import pathlib
import struct
import zlib

FIELD, STREAM = (0x0B, 0x5C, 0xAD), (0xFF, 0xFF, 0xFF)
HEIGHT, ROUND, HALF = 64, 14, 3.2  # units of the drawing: its height, its corners, half a stream
TO = pathlib.Path(__file__).resolve().parent.parent / "src" / "serve" / "art"


def curves(width):
    """The streams, as cubic curves: two from the sides, one from above, and the one they become."""
    middle, side = width / 2, width * 9 / 32
    join = (middle, 38)
    bend = lambda x: ((x, 11), (x, 25), (middle, 24), join)
    return [bend(middle - side), bend(middle), bend(middle + side), (join, (middle, 43), (middle, 48), (middle, 53))]


def svg():
    paths = "".join(
        "M{:g} {:g}C{:g} {:g} {:g} {:g} {:g} {:g}".format(*(number for point in curve for number in point)) for curve in curves(HEIGHT)
    )
    colour = lambda rgb: "#%02x%02x%02x" % rgb
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {HEIGHT} {HEIGHT}"><rect width="{HEIGHT}" height="{HEIGHT}" rx="{ROUND}" '
        f'fill="{colour(FIELD)}"/><path d="{paths}" fill="none" stroke="{colour(STREAM)}" stroke-width="{2 * HALF:g}" stroke-linecap="round"/></svg>\n'
    ).encode()


def points(curve, steps=48):
    for step in range(steps + 1):
        t = step / steps
        weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
        yield tuple(sum(w * p[axis] for w, p in zip(weights, curve)) for axis in (0, 1))


def covered(distance, pixels):
    """Which part of a pixel lies within an edge that is so far outside, in units."""
    return min(1.0, max(0.0, 0.5 - distance * pixels))


def png(width, height):
    """The drawing in so many pixels."""
    pixels = height / HEIGHT
    wide = width / pixels
    lines = [line for curve in curves(wide) for line in zip(*(lambda p: (p, p[1:]))(list(points(curve))))]
    rows = bytearray()
    for row in range(height):
        rows.append(0)
        y = (row + 0.5) / pixels
        near = [line for line in lines if min(line[0][1], line[1][1]) - 2 * HALF < y < max(line[0][1], line[1][1]) + 2 * HALF]
        for column in range(width):
            x = (column + 0.5) / pixels
            dx, dy = (max(abs(v - size / 2) - size / 2 + ROUND, 0) for v, size in ((x, wide), (y, HEIGHT)))
            field = covered(math.hypot(dx, dy) - ROUND, pixels)
            stream = covered(min((beside(x, y, line) for line in near), default=99) - HALF, pixels)
            rows += bytes(round(b + (a - b) * stream) for a, b in zip(STREAM, FIELD)) + bytes([round(255 * field)])
    chunk = lambda name, data: struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(rows), 9)) + chunk(b"IEND", b"")


def beside(x, y, line):
    """How far a point is from a straight line between two others."""
    (ax, ay), (bx, by) = line
    length = (bx - ax) ** 2 + (by - ay) ** 2
    t = 0 if length == 0 else max(0, min(1, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length))
    return math.hypot(x - ax - t * (bx - ax), y - ay - t * (by - ay))


def ico(picture, size):
    """A picture as an icon file."""
    return struct.pack("<HHHBBBBHHII", 0, 1, 1, size, size, 0, 0, 1, 32, len(picture), 22) + picture


TO.mkdir(exist_ok=True)
(TO / "icon.svg").write_bytes(svg())
(TO / "icon.png").write_bytes(png(512, 512))
(TO / "logo.png").write_bytes(png(400, 200))
(TO / "favicon.ico").write_bytes(ico(png(32, 32), 32))
