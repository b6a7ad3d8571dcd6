"""How well `tributary parse` agrees with feedparser 6, field by field: an aid for whoever changes the reader.

    pip install feedparser chardet
    cargo build --release
    python3 scripts/compare-with-feedparser.py target/release/tributary FILE_OR_FOLDER.. [--show FIELD] [--most N]

Both read the same files. An item is compared with the one at the same place; a field counts where feedparser has it.
Addresses are compared with nothing escaped and without the tracking parameters that we drop, texts by the words that
a reader is shown. Where we mean to differ, the rule stands beside the comparison with its reason.
"""
import argparse, calendar, datetime, html, json, os, re, subprocess, sys, tempfile, unicodedata
from urllib.parse import unquote, urljoin, urlsplit

import feedparser

BASE = "http://localhost/"
TRACKING = re.compile(r"(utm_[a-z]+|fbclid|gclid|mc_cid|mc_eid|_ga|_gl|xtor|ocid|cmpid|at_medium|at_campaign)=")
# What stands in these is no text of the item: code, frames, drawings, forms. We leave it out, feedparser only does when it sanitises.
HIDDEN = re.compile(
    r"<(script|style|iframe|noscript|template|svg|math|select|textarea|title)\b(?:[^>]*/>|.*?(?:</\1\s*>|\Z))", re.DOTALL | re.IGNORECASE
)
CAPTION = re.compile(r"<media:description\b[^>]*>(.*?)</media:description>", re.DOTALL)
# The most categories of an item that we keep, and the first date that we believe (`clean`).
MOST_CATEGORIES, EARLIEST = 50, "1990"


def files(paths):
    for path in paths:
        if os.path.isdir(path):
            for folder, _, names in os.walk(path):
                yield from (os.path.join(folder, name) for name in sorted(names))
        else:
            yield path


def letters(text):
    """A plain text as its letters and digits."""
    text = unicodedata.normalize("NFKD", text or "").lower()
    return "".join(c for c in text if c.isalnum())


def words(markup):
    """The letters and digits that markup shows."""
    return letters(html.unescape(re.sub(r"<[^>]*>", " ", HIDDEN.sub(" ", markup or ""))))


def address(url):
    url = (url or "").strip()
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except (UnicodeError, ValueError):
        return url.lower()
    port = None if (parts.scheme, port) in (("http", 80), ("https", 443)) else port
    query = [unquote(pair) for pair in parts.query.split("&") if pair and not TRACKING.match(pair)]
    return (host, port, unquote(parts.path).rstrip("/"), query) if host else url.lower()


def moment(parsed):
    return datetime.datetime.fromtimestamp(calendar.timegm(parsed), datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ") if parsed else None


def is_in_calendar(written):
    """Whether an ISO date is one: feedparser makes 1 August of 32 July, and we make nothing of it."""
    numbers = re.match(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)", written or "")
    if not numbers:
        return True
    year, month, day, hours, minutes, seconds = map(int, numbers.groups())
    try:
        datetime.datetime(year, month, day, hours % 24, minutes, seconds if seconds != 60 else 59)
    except ValueError:
        return False
    return hours < 24 or minutes == seconds == 0


def as_markup(detail, value):
    """A text construct as markup, whatever it is."""
    return html.escape(value) if value and detail and detail.get("type") == "text/plain" else value


def captions(body, encoding):
    """The words of each `media:description`."""
    text = body.decode(encoding or "utf-8", "replace")
    inner = (re.sub(r"<!\[CDATA\[(.*?)\]\]>", lambda cdata: html.escape(cdata[1]), caption, flags=re.DOTALL) for caption in CAPTION.findall(text))
    return {words(html.unescape(caption)) for caption in inner}


def body_of(entry, pictured, is_atom):
    # Only Atom says what a text is: in RSS most are markup, and those without an end tag feedparser calls plain.
    markup = as_markup if is_atom else lambda _, value: value
    content = [markup(c, c.get("value")) for c in entry.get("content", []) if c.get("value")]
    # Of two descriptions feedparser takes the second as content, and what is said of a picture for a description.
    content = [text for text in content if words(text) not in pictured] or ([] if entry.get("summary") else content)
    return (content or [markup(entry.get("summary_detail"), entry.get("summary"))])[0]


def links_of(entry):
    """The links that an item may have: of several alternates (RFC 4287 §4.1.2) feedparser takes the last, we the first."""
    link = entry.get("link")
    alternates = [l["href"] for l in entry.get("links", []) if l.get("rel") == "alternate" and l.get("type") in ("text/html", "application/xhtml+xml") and l.get("href")]
    # Where there is no link, feedparser gives the id, whatever it is, as an address under the feed's.
    if not link or not link.startswith("http") or link not in alternates and link == entry.get("id") and link.startswith(BASE):
        return []
    return alternates if link in alternates else [link]


def theirs(path):
    with open(path, "rb") as file:
        body = file.read()
    # Without a media type it takes what is undeclared for Latin-1.
    headers = {"content-location": BASE, "content-type": "application/xml"}
    feed = feedparser.parse(body, response_headers=headers, sanitize_html=False)
    pictured = captions(body, feed.encoding)
    entries = []
    for entry in feed.entries:
        kind = next((kind for kind in ("published", "updated", "created") if entry.get(f"{kind}_parsed")), None)
        try:
            date = moment(entry[f"{kind}_parsed"]) if kind and is_in_calendar(entry.get(kind)) else None
        except Exception:
            date = None
        authors = [a.get("name") or a.get("email") for a in entry.get("authors", []) if a.get("name") or a.get("email")]
        entries.append({
            "id": entry.get("id"), "title": as_markup(entry.get("title_detail"), entry.get("title")), "link": links_of(entry), "date": date,
            "body": body_of(entry, pictured, feed.version.startswith("atom")),
            "authors": authors, "categories": [t.get("term") or t.get("label") for t in entry.get("tags", []) if t.get("term") or t.get("label")],
            "enclosures": [e["href"] for e in entry.get("enclosures", []) if (e.get("href") or "").strip() not in ("", BASE)],
            "media": [m["url"] for m in entry.get("media_content", []) if m.get("url")],
        })
    return feed, entries


def same(field, their, our, media=()):
    if field == "id":
        # An id is kept as it was given; feedparser makes an address of it.
        return our["id"].split() in (their.split(), their.removeprefix(BASE).split(), their.removeprefix(BASE[:-1]).split())
    if field == "title":
        return letters(our["title"])[:300] == words(their)[:300]
    if field == "link":
        return address(our["url"]) in map(address, their)
    if field == "date":
        # So old a date is how programs write "none".
        return their in (our["published"], our["updated"]) or their < EARLIEST and not our["published"]
    if field == "body":
        summary = letters(our["summary"])
        told = [words(our["content"]), summary, letters(our["title"])]
        theirs = words(their)
        return any(text[:200] == theirs[:200] for text in told) or (our["summary"] or "").endswith("…") and theirs.startswith(summary[:-1])
    if field == "authors":
        return [letters(a) for a in our["authors"]] == [words(a) for a in dict.fromkeys(their)]
    if field == "categories":
        return are_same_categories([words(c) for c in their], our["categories"])
    ours, theirs = ([address(urljoin(BASE, url.strip())) for url in urls] for urls in ([e["url"] for e in our["enclosures"]], dict.fromkeys(their)))
    # What is attached otherwise (`media:content`) comes after the enclosures; feedparser has it in a list of its own.
    attached = [address(urljoin(BASE, url.strip())) for url in media]
    return ours[: len(theirs)] == theirs and all(url in attached for url in ours[len(theirs) :]) and all(ours.count(url) == 1 for url in ours)


def are_same_categories(theirs, ours):
    is_told_twice = len({json.dumps(category) for category in ours}) < len(ours)
    # One name under two schemes is one name; a long one is cut.
    is_cut = len(ours) == MOST_CATEGORIES
    theirs, ours = list(dict.fromkeys(theirs)), list({letters(c["term"]): c["term"] for c in ours}.items())
    is_same = lambda their, our: their == our[0] or our[1].endswith("…") and their.startswith(our[0])
    theirs = theirs[: len(ours)] if is_cut else theirs
    return not is_told_twice and len(theirs) == len(ours) and all(map(is_same, theirs, ours))


def main():
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("program")
    ask.add_argument("paths", nargs="+")
    ask.add_argument("--show", default="", help="print where we differ in this field (or `refused`, `count`)")
    ask.add_argument("--most", type=int, default=20)
    ask = ask.parse_args()
    paths = list(files(ask.paths))
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as list_file:
        list_file.write("\n".join(paths))
        list_file.flush()
        run = subprocess.run([ask.program, "parse", "--list", list_file.name, "--url", BASE], capture_output=True, text=True)
    if run.returncode not in (0, 1):
        sys.exit(f"the program ended with {run.returncode}: {run.stderr[-500:]}")
    ours, errors = {}, {}
    for line in run.stdout.split("\n"):
        if not line:
            continue
        told = json.loads(line)
        if "error" in told:
            errors[told["file"]] = told["error"]
        elif "feed" in told:
            ours[told["file"]] = []
        else:
            ours[told["file"]].append(told)
    read = refused = counted = uncounted = 0
    score = {field: [0, 0] for field in ("id", "title", "link", "date", "body", "authors", "categories", "enclosures")}
    shown = 0
    for path in paths:
        try:
            feed, entries = theirs(path)
        except Exception:
            continue
        if not entries:
            continue
        read += 1
        if path not in ours:
            refused += 1
            if ask.show == "refused" and (shown := shown + 1) <= ask.most:
                print(path, errors.get(path))
            continue
        if len(ours[path]) != len(entries):
            uncounted += 1
            if ask.show == "count" and (shown := shown + 1) <= ask.most:
                print(path, len(entries), len(ours[path]))
            # Items that are empty are kept by feedparser and not by us.
            if not ours[path]:
                continue
        counted += 1
        if len(ours[path]) != len(entries):
            continue
        for their, our in zip(entries, ours[path]):
            for field, tally in score.items():
                if not their[field]:
                    continue
                tally[1] += 1
                if same(field, their[field], our, their["media"]):
                    tally[0] += 1
                elif ask.show == field and (shown := shown + 1) <= ask.most:
                    mine = {"link": "url", "date": "published", "body": "content"}.get(field, field)
                    print(path, "\n   theirs", repr(their[field])[:300], "\n   ours  ", repr(our[mine] or our["summary"] if field == "body" else our[mine])[:300])
    print(f"feedparser reads {read} of {len(paths)} files; we refuse {refused} of them ({100 * (read - refused) / max(read, 1):.2f} % read), {uncounted} have another number of items")
    for field, (good, all_) in score.items():
        print(f"{field:11} {100 * good / max(all_, 1):6.2f} %  {good} of {all_}")


main()
