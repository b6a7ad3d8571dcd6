"""How well `tributary parse` agrees with feedparser 6, field by field: an aid for whoever changes the reader.

    pip install feedparser
    cargo build --release
    python3 scripts/compare-with-feedparser.py target/release/tributary FILE_OR_FOLDER.. [--show FIELD] [--most N]

Both read the same files. An item is compared with the one at the same place; a field counts where feedparser has it.
Addresses are compared without the tracking parameters that we drop, texts by their words.
"""
import argparse, calendar, datetime, html, json, os, re, subprocess, sys, tempfile, unicodedata
from urllib.parse import urlsplit

import feedparser

BASE = "http://localhost/"
TRACKING = re.compile(r"[?&](utm_[a-z]+|fbclid|gclid|mc_cid|mc_eid|_ga|_gl|xtor|ocid|cmpid|at_medium|at_campaign)=[^&]*")


def files(paths):
    for path in paths:
        if os.path.isdir(path):
            for folder, _, names in os.walk(path):
                yield from (os.path.join(folder, name) for name in sorted(names))
        else:
            yield path


def words(text):
    text = html.unescape(re.sub(r"<[^>]*>", " ", text or ""))
    text = unicodedata.normalize("NFKD", text).lower()
    return "".join(c for c in text if c.isalnum())


def address(url):
    url = TRACKING.sub("", url or "").strip()
    parts = urlsplit(url)
    return (parts.netloc.lower(), parts.path.rstrip("/"), parts.query) if parts.netloc else url.lower()


def moment(parsed):
    return datetime.datetime.fromtimestamp(calendar.timegm(parsed), datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ") if parsed else None


def theirs(path):
    with open(path, "rb") as file:
        feed = feedparser.parse(file.read(), response_headers={"content-location": BASE}, sanitize_html=False)
    entries = []
    for entry in feed.entries:
        try:
            date = moment(entry.get("published_parsed") or entry.get("updated_parsed") or entry.get("created_parsed"))
        except Exception:
            date = None
        content = [c.get("value") for c in entry.get("content", []) if c.get("value")]
        authors = [a.get("name") or a.get("email") for a in entry.get("authors", []) if a.get("name") or a.get("email")]
        entries.append({
            "id": entry.get("id"), "title": entry.get("title"), "link": entry.get("link"), "date": date,
            "body": (content or [entry.get("summary")])[0],
            "authors": authors, "categories": [t.get("term") or t.get("label") for t in entry.get("tags", []) if t.get("term") or t.get("label")],
            "enclosures": [e.get("href") for e in entry.get("enclosures", []) if e.get("href")],
        })
    return feed, entries


def same(field, their, our):
    if field == "id":
        return our["id"].split() == their.split()
    if field == "title":
        return words(our["title"])[:300] == words(their)[:300]
    if field == "link":
        return address(our["url"]) == address(their)
    if field == "date":
        return their in (our["published"], our["updated"])
    if field == "body":
        told = [words(our["content"]), words(our["summary"]), words(our["title"])]
        theirs = words(their)
        return any(text[:200] == theirs[:200] for text in told) or (our["summary"] or "").endswith("…") and theirs.startswith(told[1][:-1])
    if field == "authors":
        return [words(a) for a in our["authors"]] == [words(a) for a in dict.fromkeys(their)]
    if field == "categories":
        return [words(c["term"])[:90] for c in our["categories"]] == [words(c)[:90] for c in dict.fromkeys(their)]
    return [address(e["url"]) for e in our["enclosures"]] == [address(e) for e in dict.fromkeys(their)]


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
                # Where there is no link, feedparser gives the id.
                if not their[field] or field == "link" and (not their[field].startswith("http") or their[field] == their["id"]):
                    continue
                tally[1] += 1
                if same(field, their[field], our):
                    tally[0] += 1
                elif ask.show == field and (shown := shown + 1) <= ask.most:
                    mine = {"link": "url", "date": "published", "body": "content"}.get(field, field)
                    print(path, "\n   theirs", repr(their[field])[:300], "\n   ours  ", repr(our[mine] or our["summary"] if field == "body" else our[mine])[:300])
    print(f"feedparser reads {read} of {len(paths)} files; we refuse {refused} of them ({100 * (read - refused) / max(read, 1):.2f} % read), {uncounted} have another number of items")
    for field, (good, all_) in score.items():
        print(f"{field:11} {100 * good / max(all_, 1):6.2f} %  {good} of {all_}")


main()
