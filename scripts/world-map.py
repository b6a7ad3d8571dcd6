#!/usr/bin/env python3
"""Makes the map of the world that pages draw: src/serve/pages/world.tsv.

    npm pack world-atlas@2 && tar xzf world-atlas-2*.tgz
    pip install pycountry
    python3 scripts/world-map.py package/countries-50m.json > src/serve/pages/world.tsv

The shapes are Natural Earth's, 1:50 million, public domain. The projection is Equal Earth (Šavrič, Patterson and Jenny 2018): areas
are true, so that no country looks larger than it is. Borders are simplified once for both neighbours, so that no gap opens between
them. A country too small to be seen, or without a shape of its own, gets a dot.
"""

import json
import math
import sys

import pycountry

WIDTH = 960
# How far a simplified border may stray, and the smallest island that is drawn, in units of the drawing.
STRAY = 0.55
ISLAND = 2.0
# A country whose largest part is smaller than this gets a dot.
DOT = 10.0
# Territories that are drawn as part of another country, or are missing: longitude and latitude of their dots.
APART = {
    "BQ": (-68.27, 12.18), "BV": (3.35, -54.42), "CC": (96.83, -12.17), "CX": (105.63, -10.49), "GF": (-53.1, 3.9), "GI": (-5.35, 36.14),
    "GP": (-61.55, 16.2), "MQ": (-61.0, 14.65), "RE": (55.54, -21.12), "SJ": (16.0, 78.5), "TK": (-171.85, -9.2), "TV": (179.2, -8.5),
    "UM": (-160.0, -0.37), "YT": (45.15, -12.82),
}
A1, A2, A3, A4 = 1.340264, -0.081106, 0.000893, 0.003796
SCALE = WIDTH / (2 * 2.7066)


def project(longitude, latitude):
    # The antimeridian of the drawing lies at 169° west, so that the Chukchi Peninsula stays in one piece.
    longitude = (longitude - 11 + 540) % 360 - 180
    theta = math.asin(math.sqrt(3) / 2 * math.sin(math.radians(latitude)))
    squared = theta * theta
    sixth = squared**3
    slope = A1 + 3 * A2 * squared + sixth * (7 * A3 + 9 * A4 * squared)
    x = 2 * math.sqrt(3) * math.radians(longitude) * math.cos(theta) / (3 * slope)
    y = theta * (A1 + A2 * squared + sixth * (A3 + A4 * squared))
    return WIDTH / 2 + x * SCALE, 1.31 * SCALE - y * SCALE


def simplified(points):
    """Douglas and Peucker: the points that no straight line can stand for."""
    if len(points) < 3:
        return points
    (x1, y1), (x2, y2) = points[0], points[-1]
    length = math.hypot(x2 - x1, y2 - y1)

    def distance(point):
        x, y = point
        if length == 0:
            return math.hypot(x - x1, y - y1)
        return abs((x2 - x1) * (y1 - y) - (x1 - x) * (y2 - y1)) / length

    far = max(range(1, len(points) - 1), key=lambda n: distance(points[n]))
    if distance(points[far]) <= STRAY:
        return [points[0], points[-1]]
    return simplified(points[: far + 1])[:-1] + simplified(points[far:])


def area(ring):
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in zip(ring, ring[1:] + ring[:1])) / 2


def centre(ring):
    whole = area(ring)
    if abs(whole) < 1e-9:
        return ring[0]
    x = y = 0
    for (x1, y1), (x2, y2) in zip(ring, ring[1:] + ring[:1]):
        part = x1 * y2 - x2 * y1
        x, y = x + (x1 + x2) * part, y + (y1 + y2) * part
    return x / (6 * whole), y / (6 * whole)


def written(ring):
    """One closed path, in steps from point to point."""
    path, last = "", None
    for point in [(round(x), round(y)) for x, y in ring]:
        if last is None:
            path = f"M{point[0]} {point[1]}l"
        elif point != last:
            step = f"{point[0] - last[0]} {point[1] - last[1]} "
            path += step
        else:
            continue
        last = point
    return path.strip().replace(" -", "-") + "z"


def code(geometry):
    number, name = geometry.get("id"), geometry["properties"]["name"]
    if name == "Kosovo":
        return "XK"
    country = pycountry.countries.get(numeric=number) if number else None
    return country.alpha_2 if country else None


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        world = json.load(file)
    (sx, sy), (tx, ty) = world["transform"]["scale"], world["transform"]["translate"]
    raw = []
    for arc in world["arcs"]:
        x = y = 0
        points = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            points.append(project(x * sx + tx, y * sy + ty))
        raw.append(points)
    fine = [simplified(points) for points in raw]

    def ring(arcs, shapes):
        points = []
        for arc in arcs:
            part = shapes[arc] if arc >= 0 else shapes[~arc][::-1]
            points += part[1 if points else 0 :]
        return points[:-1] if points and points[0] == points[-1] else points

    # Coordinates are tenths, written without the point.
    shapes, dots = {}, {}
    for geometry in world["objects"]["countries"]["geometries"]:
        name = code(geometry)
        if name is None or name == "AQ" or "arcs" not in geometry:
            continue
        polygons = [geometry["arcs"]] if geometry["type"] == "Polygon" else geometry["arcs"]
        outer = [polygon[0] for polygon in polygons]
        largest = max(outer, key=lambda arcs: abs(area(ring(arcs, raw))))
        if abs(area(ring(largest, raw))) < DOT:
            dots[name] = centre(ring(largest, raw))
        path = ""
        for polygon in polygons:
            if abs(area(ring(polygon[0], raw))) < ISLAND:
                continue
            for arcs in polygon:
                points = ring(arcs, fine)
                # A ring across the edge of the drawing would be a band over the whole of it.
                wide = max(x for x, _ in points) - min(x for x, _ in points)
                if len(points) > 2 and abs(area(points)) > ISLAND / 2 and wide < WIDTH * 0.6:
                    path += written([(x * 2, y * 2) for x, y in points])
        if path:
            shapes[name] = shapes.get(name, "") + path
    for name, (longitude, latitude) in APART.items():
        if name not in shapes:
            dots.setdefault(name, project(longitude, latitude))
    known = set(shapes) | set(dots)
    missing = sorted({country.alpha_2 for country in pycountry.countries} - known)
    print(f"{len(shapes)} shapes, {len(dots)} dots, without either: {' '.join(missing)}", file=sys.stderr)
    print("# Natural Earth 1:50m (public domain), Equal Earth projection, made by scripts/world-map.py. Columns: code, path, dot; in half units.")
    for name in sorted(known):
        dot = f"{round(dots[name][0] * 2)} {round(dots[name][1] * 2)}" if name in dots else ""
        print(f"{name}\t{shapes.get(name, '')}\t{dot}")


main()
