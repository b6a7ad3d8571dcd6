//! Lists of subscriptions for news readers: OPML 2.0.
//!
//! The same subscriptions give the same bytes, so that there is no date of making in the head.

use quick_xml::{
    Writer,
    events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event},
};

use crate::{model::Subscription, text};

/// A list of these subscriptions, in their order; neighbours in the same folder share it.
pub fn opml(title: &str, list: &[Subscription]) -> String {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    let mut write = |event: Event<'_>| {
        // Memory takes whatever is written to it.
        let _ = writer.write_event(event);
    };
    write(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)));
    write(Event::Start(BytesStart::new("opml").with_attributes([("version", "2.0")])));
    write(Event::Start(BytesStart::new("head")));
    write(Event::Start(BytesStart::new("title")));
    write(Event::Text(BytesText::new(&text::one_line(title))));
    write(Event::End(BytesEnd::new("title")));
    write(Event::End(BytesEnd::new("head")));
    write(Event::Start(BytesStart::new("body")));
    let mut open: &[String] = &[];
    for subscription in list {
        let shared = open.iter().zip(&subscription.folder).take_while(|(one, other)| one == other).count();
        for _ in shared..open.len() {
            write(Event::End(BytesEnd::new("outline")));
        }
        for name in &subscription.folder[shared..] {
            write(Event::Start(BytesStart::new("outline").with_attributes([("text", text::one_line(name).as_str())])));
        }
        open = &subscription.folder;
        write(Event::Empty(outline(subscription)));
    }
    for _ in open {
        write(Event::End(BytesEnd::new("outline")));
    }
    write(Event::End(BytesEnd::new("body")));
    write(Event::End(BytesEnd::new("opml")));
    let mut list = String::from_utf8_lossy(&writer.into_inner()).into_owned();
    list.push('\n');
    list
}

/// One feed. `type` is `rss` for Atom and JSON Feed too: it is what readers look for (OPML 2.0, "Subscription lists").
fn outline(subscription: &Subscription) -> BytesStart<'static> {
    let title = text::one_line(&subscription.title);
    let mut outline = BytesStart::new("outline");
    let mut put = |name: &str, value: &str| outline.push_attribute((name, text::one_line(value).as_str()));
    put("type", "rss");
    put("text", &title);
    put("title", &title);
    put("xmlUrl", &subscription.feed);
    if let Some(home) = &subscription.home {
        put("htmlUrl", home);
    }
    if let Some(lang) = subscription.lang {
        put("language", lang.as_str());
    }
    if !subscription.categories.is_empty() {
        put("category", &subscription.categories.join(","));
    }
    outline
}
