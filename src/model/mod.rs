//! The nouns: what passes between the stages.
//!
//! A type here has no rule of its own beyond being well formed; the rules are the stages'.
//! What stands in `item`, `labels`, `story` and `record` is written into the journal and
//! has to be readable for ever (see `tests/golden/`).

pub mod act;
pub mod choice;
mod countries;
pub mod date_order;
pub mod fault;
pub mod filter;
pub mod guard;
pub mod history;
pub mod ids;
pub mod item;
pub mod keep;
pub mod labels;
pub mod month;
pub mod names;
pub mod page;
pub mod picture;
pub mod point;
pub mod private;
pub mod proxy;
pub mod raw;
pub mod record;
pub mod retraction;
pub mod revision;
pub mod rhythm;
pub mod second;
pub mod site;
pub mod source;
pub mod standing;
pub mod story;
pub mod subscription;
pub mod timetable;
pub mod topic;
pub mod upkeep;
pub mod when;
pub mod words;
pub mod zone;

pub use act::{Act, Edited, Gone, Relabelled, Said};
pub use choice::{Choice, Clause, Filed};
pub use date_order::DateOrder;
pub use fault::Fault;
pub use filter::{About, BadFilter, Filter};
pub use guard::{Flood, Guard, Rule, Verdict};
pub use history::{History, Outcome, Run, Spell};
pub use ids::{BadName, CountryCode, FeedSlug, Lang, RegionSlug, SourceId, TopicSlug};
pub use item::{Category, Enclosure, Item, Upstream, UpstreamFrom};
pub use keep::{Keep, Keeping};
pub use labels::{CountryLabel, Evidence, Field, Labels, LangFrom, Language, RegionLabel, Rejected, Role, TopicLabel};
pub use month::Month;
pub use names::{FourNames, Names};
pub use page::{DateFormat, DatePart, Detail, PageRules, Pick};
pub use picture::{Picture, PictureKind};
pub use point::Point;
pub use private::Private;
pub use proxy::Proxy;
pub use raw::{Document, Hints, RawFeed, RawItem, RawText};
pub use record::{Acted, Body, Checked, Draft, Genesis, Ids, Moved, Pull, Record, Refiled, Snapshot, SnapshotEnd, SourceState, Unchanged};
pub use retraction::{Retracted, Retraction};
pub use revision::{Revision, TextChange};
pub use rhythm::Rhythm;
pub use second::Second;
pub use site::Site;
pub use source::{ContentPolicy, Defaults, Source};
pub use standing::Standing;
pub use story::{Copy, Edition, Page, Refusal, Shown, Story, StoryId, Why};
pub use subscription::Subscription;
pub use timetable::Timetable;
pub use topic::{Mask, Place, PlaceKind, Region, Terms, Topic, TopicDefaults, TopicRules};
pub use upkeep::{Erased, Imported, Pruned, Rewritten};
pub use when::{Ago, When, Window};
pub use words::{BadWords, Told, Words};
pub use zone::Zone;
