//! What an element of a feed means: the list of everything that is read.

use super::super::names::Space;

/// What an element of a feed or of an item is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// `guid` (RSS 2.0), `id` (Atom).
    Id,
    /// `title`; `dc:title` and `media:title` stand in for it.
    Title { own: bool },
    /// `link`, as text (RSS) or with `href` and `rel` (Atom, and Atom within RSS).
    Link,
    /// `description` (RSS), `dc:description`: text that may be markup. A second one is the content.
    Description,
    /// `summary` (Atom), `itunes:summary`, `abstract`: as `description`, but plain unless it says otherwise.
    Summary,
    /// `media:description`, which stands in for both.
    Caption,
    /// `content` (Atom), `content:encoded`, `fullitem`, `body` (XHTML in RSS).
    Content,
    /// `pubDate` (RSS), `published` (Atom 1.0), `issued` (Atom 0.3), `dcterms:issued`.
    Published,
    /// `updated` (Atom 1.0), `modified` (Atom 0.3), `lastBuildDate`, `dcterms:modified`.
    Updated,
    /// `dc:date`, which does not say of what; `created`, `dcterms:created`.
    Date,
    /// `author`, `dc:creator`, `dc:author`, `itunes:author`.
    Author,
    /// `category`, `keywords`, `dc:subject`, `media:category`.
    Category { scheme: Option<&'static str> },
    /// `itunes:keywords`, `media:keywords`, `tags`: many in one, between commas.
    Keywords { scheme: Option<&'static str> },
    /// `itunes:category`, with its name in an attribute, and narrower ones within it.
    NamedCategory,
    /// `enclosure` (RSS 2.0).
    Enclosure,
    /// `media:content`, with what describes it within it.
    Media,
    /// `media:thumbnail`, `itunes:image`, an item's `image`.
    Image,
    /// `language`, `dc:language`.
    Language,
    /// `rights` (Atom), `copyright` (RSS), `dc:rights`.
    Rights,
    /// `georss:point`, `gml:pos`: latitude and longitude.
    Point,
    /// `geo:lat`.
    Latitude,
    /// `geo:long`.
    Longitude,
    /// `ttl` (RSS 2.0), in minutes.
    Ttl,
    /// `skipHours` (RSS 2.0).
    SkipHours,
    /// `skipDays` (RSS 2.0).
    SkipDays,
    /// `sy:updatePeriod`.
    Period,
    /// `sy:updateFrequency`.
    Frequency,
    /// `at:deleted-entry`, with `ref` and `when`.
    Deleted,
    /// What has titles and links of its own that are not ours: `source`, `textInput`, `contributor`, `items`, owners, scenes.
    Foreign,
}

impl Field {
    pub(super) fn of(space: Space, name: &str, in_item: bool) -> Option<Self> {
        use Field::*;
        Some(match (space, name) {
            (Space::Core, "guid" | "id") => Id,
            (Space::Core, "title") => Title { own: true },
            (Space::Dc | Space::Media, "title") => Title { own: false },
            (Space::Core, "link") => Link,
            (Space::Core | Space::Dc, "description") => Description,
            (Space::Core | Space::Itunes, "summary") | (Space::Core, "abstract") | (Space::Terms, "abstract") => Summary,
            (Space::Media, "description") => Caption,
            (Space::Core, "content" | "fullitem" | "body") | (Space::Content, "encoded") | (Space::Xhtml, "body") => Content,
            (Space::Core, "pubdate" | "published" | "issued") | (Space::Terms, "issued") => Published,
            (Space::Core, "updated" | "modified" | "lastbuilddate") | (Space::Terms, "modified") => Updated,
            (Space::Dc, "date") | (Space::Terms | Space::Core, "created") | (Space::Terms, "date") => Date,
            (Space::Core, "author") | (Space::Dc, "creator" | "author") | (Space::Terms, "creator") | (Space::Itunes, "author") => Author,
            (Space::Core, "category" | "keywords") | (Space::Dc, "subject") | (Space::Terms, "subject") => Category { scheme: None },
            (Space::Media, "category") => Category { scheme: Some("http://search.yahoo.com/mrss/category_schema") },
            (Space::Itunes, "keywords") => Keywords { scheme: Some("http://www.itunes.com/") },
            (Space::Media, "keywords") | (Space::Core, "tags") => Keywords { scheme: None },
            (Space::Itunes, "category") => NamedCategory,
            (Space::Core, "enclosure") => Enclosure,
            (Space::Media, "content") => Media,
            (Space::Media, "thumbnail") | (Space::Itunes, "image") => Image,
            (Space::Core, "image") if in_item => Image,
            (Space::Core, "language") | (Space::Dc, "language") => Language,
            (Space::Core, "rights" | "copyright") | (Space::Dc, "rights") => Rights,
            (Space::Geo, "point" | "pos") => Point,
            (Space::LatLong, "lat") => Latitude,
            (Space::LatLong, "long") => Longitude,
            (Space::Core, "ttl") => Ttl,
            (Space::Core, "skiphours") => SkipHours,
            (Space::Core, "skipdays") => SkipDays,
            (Space::Tombstones, "deleted-entry") => Deleted,
            (Space::Syndication, "updateperiod") => Period,
            (Space::Syndication, "updatefrequency") => Frequency,
            (Space::Core, "image" | "source" | "textinput" | "contributor" | "items" | "cloud" | "generator")
            | (Space::Dc | Space::Terms, "contributor")
            | (Space::Itunes, "owner")
            | (Space::Media, "scenes" | "comments" | "community") => Foreign,
            _ => return None,
        })
    }
}
