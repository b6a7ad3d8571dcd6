//! A story that is brought in, believed only as far as it can be checked.
//!
//! An export may come from anywhere, and what is in it is shown to readers under our name: text is cleaned and markup made safe
//! as if a publisher had sent it. What can not be a story is refused with a reason. Deliberately absent: whether it is here already (`apply`).

use std::time::Duration;

use serde_json::Value;
use url::Url;

use crate::{
    html::SafeHtml,
    model::{Copy, Item, Second, Story},
    text,
};

/// The longest id of an entry, in bytes.
const LONGEST_ID: usize = 2_048;
/// No entry stands further ahead than a burst of news may run.
const AHEAD: Duration = Duration::from_hours(24);

/// The story that a line of an export holds; or what is wrong with it.
pub(super) fn story(line: Value, now: Second) -> Result<Story, String> {
    let mut story: Story = serde_json::from_value(line).map_err(|error| format!("is no story: {error}"))?;
    if story.copies.is_empty() || story.editions.is_empty() {
        return Err("has no copy or no edition".to_owned());
    }
    for edition in &story.editions {
        let id = &edition.entry_id;
        if edition.preferred >= story.copies.len() {
            return Err(format!("shows copy {}, and has {}", edition.preferred + 1, story.copies.len()));
        }
        if id.is_empty() || id.len() > LONGEST_ID || text::one_line(id) != *id {
            return Err(format!("has an entry whose id is empty, longer than {LONGEST_ID} bytes, or not one line"));
        }
        if edition.position > now.plus(AHEAD) {
            return Err(format!("has an entry that stands in the future, at {}", edition.position));
        }
    }
    for copy in story.copies.iter_mut().chain(&mut story.edited.withdrawn) {
        clean(copy)?;
    }
    Ok(story)
}

fn clean(copy: &mut Copy) -> Result<(), String> {
    let Item { link, title, summary, content, authors, categories, enclosures, image, rights, .. } = &mut copy.item;
    let enclosed = enclosures.iter().map(|enclosure| &enclosure.url);
    for address in [link.as_ref(), image.as_ref()].into_iter().flatten().chain(enclosed) {
        if !Url::parse(address).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host()) {
            return Err(format!("names `{}`, which is no address of the web", text::shorten(address, 100)));
        }
    }
    *title = text::one_line(title);
    *summary = text::xml_safe(summary).into_owned();
    *content = content.take().map(|html| SafeHtml::sanitise(html.as_str(), None));
    authors.iter_mut().for_each(|author| *author = text::one_line(author));
    categories.iter_mut().for_each(|category| category.term = text::one_line(&category.term));
    *rights = rights.take().map(|rights| text::one_line(&rights));
    Ok(())
}
