//! From the configuration to what is published.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    classify::{self, Classifier},
    config::Config,
    model::{ContentPolicy, Genesis, Names, Site, SourceId, SourceState},
    publish::SourceCard,
    serve::{Art, Publishing},
    text,
};

/// Everything that published bytes depend on beside the stories. `states` name the sources that are configured no more.
pub fn publishing(config: &Config, classifier: Arc<Classifier>, genesis: &Genesis, states: &[SourceState]) -> Publishing {
    let (topics, topic_aliases) = config.topic_names();
    let (countries, regions) = classify::names(&config.topics.regions);
    let mut sources: BTreeMap<SourceId, SourceCard> = states.iter().map(|state| (state.source.clone(), past(state))).collect();
    for source in &config.sources {
        let card = SourceCard {
            title: source.title.clone(),
            home: source.home.as_ref().map(ToString::to_string),
            url: text::without_keys(source.url.as_str()),
            lang: source.lang,
            content: source.content,
            rights: source.rights.clone(),
        };
        sources.insert(source.id.clone(), card);
    }
    let (base, serve) = (config.settings.base(), &config.settings.serve);
    let art = Art { icon: serve.icon.clone(), logo: serve.logo.clone() };
    Publishing {
        site: Site {
            icon: art.icon_address(&base),
            logo: art.logo_address(&base),
            base,
            title: serve.title.clone(),
            lang: serve.lang,
            hub: config.settings.hub(),
            instance: genesis.instance,
        },
        art,
        names: Names { topics, countries, regions, topic_aliases, retired_topics: config.topics.retired.clone() },
        classifier,
        sources,
        feeds: config.feeds.iter().map(|feed| (feed.slug.clone(), feed.clone())).collect(),
        feedback: Some(serve.feedback.clone()).filter(|to| !to.is_empty()),
        limit: serve.limit.min(serve.max_limit),
        max_limit: serve.max_limit,
        genesis: genesis.created,
    }
}

/// A source that is configured no more: its stories stay, and still name it.
fn past(state: &SourceState) -> SourceCard {
    SourceCard {
        title: state.title.clone(),
        home: state.home.clone(),
        url: text::without_keys(&state.url),
        lang: None,
        content: ContentPolicy::Summary,
        rights: None,
    }
}
