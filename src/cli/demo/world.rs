//! The sample world: five publishers, eight announcements, and a little news while one watches.
//!
//! Written by us from the public facts of eight announcements of September 2020, so that a demonstration
//! needs no network and a test knows what should come out. It has the troubles of the real world on
//! purpose: one release on several sites under several spellings of its address, two languages, three
//! formats, a feed that is mislabelled, malformed and cut off, and a publisher that is down at first.
//! What arrives while one watches explains things that are always true and reports no event.
//!
//! Articles live under `.example`, which leads nowhere (RFC 2606 §3); only the feeds are served.
//! Deliberately absent: a clock, sockets and luck. The same step of the same world is the same bytes.

use std::time::Duration;

use super::feeds;
use crate::model::Second;

/// How long a live step lasts.
pub const STEP: Duration = Duration::from_secs(10);

/// After this step nothing new arrives.
pub const LAST_STEP: u32 = 6;

/// A publisher of the sample world: what its `[[source]]` would say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Its source id.
    pub id: &'static str,
    /// Its name as readers see it.
    pub title: &'static str,
    /// Its page for people, under `.example`.
    pub home: &'static str,
    /// Where its feed is served, from the root of the host.
    pub path: &'static str,
    /// What it serves.
    pub format: Format,
    /// The language of its feed; an item may say otherwise.
    pub lang: &'static str,
    /// Whose copy of a story is preferred; 0 is best.
    pub rank: u8,
    /// Topics of its items when their text names none.
    pub topics: &'static [&'static str],
    /// Countries of its items when their text names none.
    pub countries: &'static [&'static str],
}

/// What a publisher serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// RSS 2.0.
    Rss,
    /// RSS 2.0 as it should not be: served as a page, with bare `&`, HTML's entities, and its end cut off.
    BrokenRss,
    /// Atom 1.0 (RFC 4287).
    Atom,
    /// JSON Feed 1.1.
    Json,
}

/// What a publisher answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Served {
    /// 200 with a document.
    Document {
        /// The `Content-Type` header, true or not.
        content_type: &'static str,
        /// The body, in UTF-8.
        body: String,
    },
    /// 503: not now.
    Unavailable,
}

/// What should come of an announcement from step 1 on: one entry, in one language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expectation {
    /// Which of the eight announcements it tells.
    pub n: u8,
    /// The language of the entry.
    pub lang: &'static str,
    /// Its title.
    pub title: &'static str,
    /// Topics that it is filed under; others may be found as well.
    pub topics: &'static [&'static str],
    /// The countries that it is about, and no others.
    pub countries: &'static [&'static str],
    /// Ids of the sources that tell it in these words, the original first.
    pub told_by: &'static [&'static str],
}

/// The five publishers.
pub fn publishers() -> &'static [Sample] {
    PUBLISHERS
}

/// Whole steps since `start`, at most [`LAST_STEP`], and when the last of them began: what [`document`] asks for.
pub fn step_at(start: Second, now: Second) -> (u32, Second) {
    let steps = now.since(start).as_secs() / STEP.as_secs();
    let step = u32::try_from(steps).unwrap_or(LAST_STEP).min(LAST_STEP);
    (step, start.plus(STEP * step))
}

/// What a publisher answers at a step.
///
/// `base` is the address the sample world is served from, without a final slash: `http://127.0.0.1:8081`.
/// `now` is when the step began: what arrives in a step is dated so, and keeps its date in later steps
/// as long as those are [`STEP`] apart.
pub fn document(sample: &Sample, base: &str, step: u32, now: Second) -> Served {
    if step < sample.opens_at() {
        return Served::Unavailable;
    }
    let mut told: Vec<Telling> = ARTICLES
        .iter()
        .flat_map(|article| article.told.iter().map(move |told| (article, told)))
        .filter(|(_, told)| told.by == sample.id && told.step <= step)
        .map(|(article, told)| Telling { article, address: told.address, at: article.date(told, step, now) })
        .collect();
    // Newest first, as publishers do; the sort is stable, so equal dates keep the order of the world.
    told.sort_by_key(|telling| std::cmp::Reverse(telling.at));
    let (content_type, body) = match sample.format {
        Format::Rss => ("application/rss+xml; charset=utf-8", feeds::rss(sample, base, &told)),
        Format::BrokenRss => ("text/html; charset=utf-8", feeds::broken_rss(sample, &told)),
        Format::Atom => ("application/atom+xml; charset=utf-8", feeds::atom(sample, base, &told)),
        Format::Json => ("application/feed+json", feeds::json(sample, base, &told)),
    };
    Served::Document { content_type, body }
}

/// What should come of the eight announcements, in both languages, in the order of the announcements.
pub fn expected() -> &'static [Expectation] {
    EXPECTED
}

impl Sample {
    /// The first step at which it answers: the partners' site is down at first.
    fn opens_at(&self) -> u32 {
        u32::from(self.id == "labour-partners")
    }
}

/// One text, in one language.
#[derive(Debug)]
pub(super) struct Article {
    /// Its name in addresses and ids.
    pub slug: &'static str,
    pub lang: &'static str,
    pub title: &'static str,
    pub summary: &'static str,
    /// When it was first told; `None` when that is the step it arrives in.
    first: Option<&'static str>,
    /// Who tells it; the original first.
    told: &'static [Told],
}

/// That a publisher tells an article.
#[derive(Debug)]
struct Told {
    by: &'static str,
    /// The address of the article, as this publisher spells it.
    address: &'static str,
    /// How many hours after the original.
    hours: u64,
    /// The step in which it appears.
    step: u32,
}

/// One item of one feed.
#[derive(Debug)]
pub(super) struct Telling {
    pub article: &'static Article,
    pub address: &'static str,
    pub at: Second,
}

impl Article {
    /// The date that a publisher puts on it.
    fn date(&self, told: &Told, step: u32, now: Second) -> Second {
        match self.first.and_then(|first| first.parse::<Second>().ok()) {
            Some(first) => first.plus(Duration::from_hours(told.hours)),
            None => now.minus(STEP * (step - told.step)),
        }
    }
}

const fn told(by: &'static str, address: &'static str, hours: u64) -> Told {
    Told { by, address, hours, step: 0 }
}

const fn live(by: &'static str, address: &'static str, step: u32) -> Told {
    Told { by, address, hours: 0, step }
}

const PUBLISHERS: &[Sample] = &[
    Sample {
        id: "iom-san-jose",
        title: "IOM San José (sample)",
        home: "https://rosanjose.iom.example/",
        path: "/iom-san-jose/rss.xml",
        format: Format::Rss,
        lang: "en",
        rank: 0,
        topics: &[],
        countries: &[],
    },
    Sample {
        id: "rcm",
        title: "Regional Conference on Migration (sample)",
        home: "https://rcm.example/",
        path: "/rcm/atom.xml",
        format: Format::Atom,
        lang: "en",
        rank: 1,
        topics: &["migration-governance"],
        countries: &[],
    },
    Sample {
        id: "unicef-lac",
        title: "UNICEF América Latina y el Caribe (muestra)",
        home: "https://www.unicef.example/lac/",
        path: "/unicef-lac/feed.json",
        format: Format::Json,
        lang: "es",
        rank: 1,
        topics: &[],
        countries: &[],
    },
    Sample {
        id: "relief-wire",
        title: "Relief Wire, news & reports (sample)",
        home: "https://reliefwire.example/",
        path: "/relief-wire/feed",
        format: Format::BrokenRss,
        lang: "en",
        rank: 5,
        topics: &[],
        countries: &[],
    },
    Sample {
        id: "labour-partners",
        title: "Labour Migration Partners (sample)",
        home: "https://labourpartners.example/",
        path: "/labour-partners/atom.xml",
        format: Format::Atom,
        lang: "en",
        rank: 3,
        topics: &["labour-migration"],
        countries: &[],
    },
];

const ARTICLES: &[Article] = &[
    Article {
        slug: "social-networks-course",
        lang: "en",
        title: "Young people in Mexico and Central America learn to tell migration on social networks",
        summary: "From 8 to 11 September, young people from Mexico and Central America met online for the first group sessions of \
                  a virtual course on creating digital content about migration. IOM and UNICEF prepared it together; it ends in \
                  early October.",
        first: Some("2020-09-11T17:00:00Z"),
        told: &[
            told("iom-san-jose", "https://rosanjose.iom.example/en/news/social-networks-course", 0),
            told("relief-wire", "http://www.rosanjose.iom.example/en/news/social-networks-course?utm_source=reliefwire&utm_medium=rss", 5),
        ],
    },
    Article {
        slug: "curso-redes-sociales",
        lang: "es",
        title: "Jóvenes de México y Centroamérica aprenden a crear contenidos digitales sobre migración",
        summary: "Del 8 al 11 de septiembre, jóvenes de México y Centroamérica se reunieron en línea para las primeras sesiones \
                  grupales de un curso virtual sobre cómo hablar de la migración en las redes sociales. Lo prepararon juntos la OIM y \
                  UNICEF, y termina a comienzos de octubre.",
        first: Some("2020-09-11T18:00:00Z"),
        told: &[told("unicef-lac", "https://www.unicef.example/lac/es/noticias/curso-redes-sociales", 0)],
    },
    Article {
        slug: "technical-exchange-smuggling",
        lang: "en",
        title: "RCM closes a week of technical exchange on migrant smuggling",
        summary: "Each of four online sessions drew more than 100 participants from the countries of the Regional Conference on \
                  Migration (RCM). Police and courts compared investigation techniques against migrant smuggling and ways of working \
                  together across borders.",
        first: Some("2020-09-07T15:30:00Z"),
        told: &[
            told("rcm", "https://rcm.example/en/news/technical-exchange-smuggling", 0),
            told("relief-wire", "https://rcm.example/en/news/technical-exchange-smuggling/?fbclid=sample&utm_campaign=week", 20),
        ],
    },
    Article {
        slug: "intercambio-tecnico-trafico",
        lang: "es",
        title: "La CRM cierra una semana de intercambio técnico sobre el tráfico ilícito de migrantes",
        summary: "Cada una de las cuatro sesiones en línea reunió a más de 100 participantes de los países de la Conferencia Regional \
                  sobre Migración (CRM). Policías y autoridades judiciales compararon técnicas de investigación contra el tráfico \
                  ilícito de migrantes y formas de cooperar a través de las fronteras.",
        first: Some("2020-09-07T15:45:00Z"),
        told: &[told("rcm", "https://rcm.example/es/noticias/intercambio-tecnico-trafico", 0)],
    },
    Article {
        slug: "think-it-twice-camp",
        lang: "en",
        title: "Virtual camp “Think It Twice” teaches 180 young people to prevent human trafficking",
        summary: "More than 180 young people joined the IOM virtual camp that opened on Wednesday, 9 September. Over four days it \
                  deals with migrant youth, the prevention of human trafficking and fraudulent hiring, ahead of the “Think It Twice” \
                  campaign.",
        first: Some("2020-09-11T14:00:00Z"),
        told: &[
            told("iom-san-jose", "https://rosanjose.iom.example/en/news/think-it-twice-camp", 0),
            told("rcm", "https://rosanjose.iom.example/en/news/think-it-twice-camp?utm_source=rcm&utm_medium=web#top", 3),
        ],
    },
    Article {
        slug: "campamento-piensalo-2-veces",
        lang: "es",
        title: "Campamento virtual «Piénsalo 2 veces» enseña a 180 jóvenes a prevenir la trata de personas",
        summary: "Más de 180 jóvenes se sumaron al campamento virtual de la OIM que abrió el miércoles 9 de septiembre. Durante \
                  cuatro días se habla de juventud migrante, de la prevención de la trata de personas y de las contrataciones \
                  fraudulentas, antes de la campaña «Piénsalo 2 veces».",
        first: Some("2020-09-11T16:00:00Z"),
        told: &[told("unicef-lac", "https://www.unicef.example/lac/es/noticias/campamento-piensalo-2-veces", 0)],
    },
    Article {
        slug: "public-and-private-sectors",
        lang: "en",
        title: "Public and private sectors discuss labour migration in the economic recovery",
        summary: "A cycle of videoconferences on labour migration ended on 2 September. Governments and employers of the countries \
                  of the Regional Conference on Migration (RCM) discussed what each can bring to economic recovery. The RCM and the \
                  International Organisation of Employers (IOE) called it, with the support of IOM, UNDP and ILO.",
        first: Some("2020-09-08T13:00:00Z"),
        told: &[
            told("rcm", "https://rcm.example/en/news/public-and-private-sectors", 0),
            told("labour-partners", "http://rcm.example/en/news/public-and-private-sectors?utm_source=partners", 9),
        ],
    },
    Article {
        slug: "sectores-publico-y-privado",
        lang: "es",
        title: "Sectores público y privado dialogan sobre migración laboral y recuperación económica",
        summary: "El 2 de septiembre terminó un ciclo de videoconferencias sobre migración laboral. Gobiernos y empleadores de los \
                  países de la Conferencia Regional sobre Migración (CRM) conversaron sobre lo que cada parte puede aportar a la \
                  recuperación económica. Lo convocaron la CRM y la OIE, con el apoyo de la OIM, el PNUD y la OIT.",
        first: Some("2020-09-08T22:00:00Z"),
        told: &[told("labour-partners", "https://labourpartners.example/es/noticias/sectores-publico-y-privado", 0)],
    },
    Article {
        slug: "covid-19-survey",
        lang: "en",
        title: "Survey shows how COVID-19 changed the plans of migrants from Central America and Mexico",
        summary: "IOM asked migrants from Central America and Mexico what the pandemic did to their plans. Of those who meant to \
                  leave, 57% postponed or cancelled; of those already abroad, 21% think of returning home to their country of origin as \
                  soon as their means and health measures allow it.",
        first: Some("2020-09-08T16:00:00Z"),
        told: &[
            told("iom-san-jose", "https://rosanjose.iom.example/en/news/covid-19-survey", 0),
            told("relief-wire", "https://www.rosanjose.iom.example/en/news/covid-19-survey?utm_medium=rss&utm_source=reliefwire", 4),
            told("labour-partners", "http://rosanjose.iom.example/en/news/covid-19-survey/", 26),
        ],
    },
    Article {
        slug: "encuesta-covid-19",
        lang: "es",
        title: "Encuesta muestra cómo la COVID-19 cambió los planes de migrantes de Centroamérica y México",
        summary: "La OIM preguntó a migrantes de Centroamérica y México qué hizo la pandemia con sus planes. De quienes pensaban \
                  salir, el 57 % aplazó o canceló el viaje; de quienes ya habían migrado, el 21 % piensa en el retorno a su país de \
                  origen en cuanto lo permitan sus recursos y las medidas sanitarias.",
        first: Some("2020-09-08T16:05:00Z"),
        told: &[told("iom-san-jose", "https://rosanjose.iom.example/es/noticias/encuesta-covid-19", 0)],
    },
    Article {
        slug: "information-hubs",
        lang: "en",
        title: "Information hubs of Guatemala, Honduras and El Salvador share how they inform migrants",
        summary: "On 28 July, twelve information hubs on migration in Guatemala, Honduras and El Salvador met online. They want \
                  information lines that work across the three countries, so that migrants in the north of Central America are \
                  better served in times of COVID-19.",
        first: Some("2020-08-12T15:00:00Z"),
        told: &[
            told("iom-san-jose", "https://rosanjose.iom.example/en/news/information-hubs", 0),
            told("rcm", "https://www.rosanjose.iom.example/en/news/information-hubs?utm_source=rcm", 24),
            // The oldest item of a feed that is cut off: it never arrives whole.
            told("relief-wire", "https://rosanjose.iom.example/en/news/information-hubs?utm_source=reliefwire", 6),
        ],
    },
    Article {
        slug: "diaspora-organizations",
        lang: "en",
        title: "New study looks at diaspora organizations of Mexico and Central America",
        summary: "IOM has begun a study that is to characterize the diaspora organizations of Mexico and Central America: groups of \
                  migrants and their descendants who share an identity and the sense of belonging to their country of origin.",
        first: Some("2020-09-03T15:00:00Z"),
        told: &[
            told("iom-san-jose", "https://rosanjose.iom.example/en/news/diaspora-organizations", 0),
            told("relief-wire", "http://rosanjose.iom.example/en/news/diaspora-organizations?utm_source=reliefwire&utm_medium=rss", 7),
        ],
    },
    Article {
        slug: "training-programme-policies",
        lang: "en",
        title: "IOM starts a training programme on migration policies for officials of the RCM",
        summary: "The training programme is to strengthen the capacities of public officials of the Regional Conference on Migration \
                  (RCM) to design, carry out and evaluate migration policies. It has an online course on trends in Latin America, a \
                  panel with international experts and three virtual sessions of technical exchange.",
        first: Some("2020-09-15T15:00:00Z"),
        told: &[
            told("iom-san-jose", "https://rosanjose.iom.example/en/news/training-programme-policies", 0),
            told("rcm", "http://www.rosanjose.iom.example/en/news/training-programme-policies", 2),
        ],
    },
    Article {
        slug: "programa-de-formacion-politicas",
        lang: "es",
        title: "La OIM inicia un programa de formación sobre políticas migratorias en la CRM",
        summary: "El programa de formación busca fortalecer las capacidades de funcionarios públicos de la Conferencia Regional sobre \
                  Migración (CRM) para diseñar, aplicar y evaluar políticas migratorias. Incluye un curso en línea sobre tendencias en \
                  América Latina, un panel con especialistas internacionales y tres sesiones virtuales de intercambio técnico.",
        first: Some("2020-09-15T17:30:00Z"),
        told: &[told("rcm", "https://rcm.example/es/noticias/programa-de-formacion-politicas", 0)],
    },
    // What arrives while one watches.
    Article {
        slug: "smuggling-and-trafficking",
        lang: "en",
        title: "Explainer: how migrant smuggling differs from human trafficking",
        summary: "Migrant smuggling is the crime of helping a person across a border illegally for profit. Trafficking in persons is \
                  the crime of exploiting a person, and needs no border at all. A journey that begins as the one can end as the other.",
        first: None,
        told: &[
            live("iom-san-jose", "https://rosanjose.iom.example/en/explainers/smuggling-and-trafficking", 1),
            live("relief-wire", "http://rosanjose.iom.example/en/explainers/smuggling-and-trafficking?utm_source=rw&utm_medium=rss", 3),
        ],
    },
    Article {
        slug: "cinco-preguntas-oferta-de-trabajo",
        lang: "es",
        title: "Cinco preguntas que las personas jóvenes pueden hacer antes de aceptar un trabajo lejos de casa",
        summary: "¿Quién contrata? ¿Dónde está el contrato por escrito? ¿Cuánto se gana y en qué moneda? ¿Quién paga el viaje? ¿Quién \
                  guarda el pasaporte? Si una oferta no responde a las cinco, puede ser un engaño y hasta un caso de trata de personas.",
        first: None,
        told: &[live("unicef-lac", "https://www.unicef.example/lac/es/guias/cinco-preguntas-oferta-de-trabajo", 2)],
    },
    Article {
        slug: "fair-recruitment",
        lang: "en",
        title: "Explainer: what a fair recruitment agency never asks migrant workers to pay",
        summary: "In fair recruitment the employer pays: migrant workers are charged no recruitment fees and no related costs, neither \
                  before they leave nor out of their wages. They get a written contract in a language they read, and keep their papers.",
        first: None,
        told: &[live("labour-partners", "https://labourpartners.example/en/explainers/fair-recruitment", 4)],
    },
    Article {
        slug: "how-the-rcm-works",
        lang: "en",
        title: "Explainer: how the Regional Conference on Migration works",
        summary: "Eleven countries of the Americas talk about migration policies in the Regional Conference on Migration (RCM), once \
                  known as the Puebla Process. Its decisions bind nobody; its worth is that officials know each other and learn from \
                  each other.",
        first: None,
        told: &[live("rcm", "https://rcm.example/en/explainers/how-the-rcm-works", 5)],
    },
    Article {
        slug: "trafico-y-trata",
        lang: "es",
        title: "Para entender: en qué se diferencian el tráfico ilícito de migrantes y la trata de personas",
        summary: "El tráfico ilícito de migrantes es el delito de facilitar con ánimo de lucro el cruce ilegal de una frontera. La trata \
                  de personas es el delito de explotar a una persona, y no necesita frontera alguna. Un viaje que empieza como lo uno \
                  puede acabar como lo otro.",
        first: None,
        told: &[live("iom-san-jose", "https://rosanjose.iom.example/es/explicaciones/trafico-y-trata", 6)],
    },
];

/// Written apart from [`ARTICLES`], so that each checks the other.
const EXPECTED: &[Expectation] = &[
    Expectation {
        n: 1,
        lang: "en",
        title: "Young people in Mexico and Central America learn to tell migration on social networks",
        topics: &["youth", "communication-and-information"],
        countries: &["MX"],
        told_by: &["iom-san-jose", "relief-wire"],
    },
    Expectation {
        n: 1,
        lang: "es",
        title: "Jóvenes de México y Centroamérica aprenden a crear contenidos digitales sobre migración",
        topics: &["youth", "communication-and-information"],
        countries: &["MX"],
        told_by: &["unicef-lac"],
    },
    Expectation {
        n: 2,
        lang: "en",
        title: "RCM closes a week of technical exchange on migrant smuggling",
        topics: &["migrant-smuggling"],
        countries: &[],
        told_by: &["rcm", "relief-wire"],
    },
    Expectation {
        n: 2,
        lang: "es",
        title: "La CRM cierra una semana de intercambio técnico sobre el tráfico ilícito de migrantes",
        topics: &["migrant-smuggling"],
        countries: &[],
        told_by: &["rcm"],
    },
    Expectation {
        n: 3,
        lang: "en",
        title: "Virtual camp “Think It Twice” teaches 180 young people to prevent human trafficking",
        topics: &["youth", "communication-and-information", "trafficking-in-persons"],
        countries: &[],
        told_by: &["iom-san-jose", "rcm"],
    },
    Expectation {
        n: 3,
        lang: "es",
        title: "Campamento virtual «Piénsalo 2 veces» enseña a 180 jóvenes a prevenir la trata de personas",
        topics: &["youth", "communication-and-information", "trafficking-in-persons"],
        countries: &[],
        told_by: &["unicef-lac"],
    },
    Expectation {
        n: 4,
        lang: "en",
        title: "Public and private sectors discuss labour migration in the economic recovery",
        topics: &["labour-migration"],
        countries: &[],
        told_by: &["rcm", "labour-partners"],
    },
    Expectation {
        n: 4,
        lang: "es",
        title: "Sectores público y privado dialogan sobre migración laboral y recuperación económica",
        topics: &["labour-migration"],
        countries: &[],
        told_by: &["labour-partners"],
    },
    Expectation {
        n: 5,
        lang: "en",
        title: "Survey shows how COVID-19 changed the plans of migrants from Central America and Mexico",
        topics: &["migration-data", "migration-health", "return-and-reintegration"],
        countries: &["MX"],
        told_by: &["iom-san-jose", "relief-wire", "labour-partners"],
    },
    Expectation {
        n: 5,
        lang: "es",
        title: "Encuesta muestra cómo la COVID-19 cambió los planes de migrantes de Centroamérica y México",
        topics: &["migration-data", "migration-health", "return-and-reintegration"],
        countries: &["MX"],
        told_by: &["iom-san-jose"],
    },
    Expectation {
        n: 6,
        lang: "en",
        title: "Information hubs of Guatemala, Honduras and El Salvador share how they inform migrants",
        topics: &["communication-and-information"],
        countries: &["GT", "HN", "SV"],
        told_by: &["iom-san-jose", "rcm"],
    },
    Expectation {
        n: 7,
        lang: "en",
        title: "New study looks at diaspora organizations of Mexico and Central America",
        topics: &["diaspora", "migration-data"],
        countries: &["MX"],
        told_by: &["iom-san-jose", "relief-wire"],
    },
    Expectation {
        n: 8,
        lang: "en",
        title: "IOM starts a training programme on migration policies for officials of the RCM",
        topics: &["capacity-building", "migration-governance"],
        countries: &[],
        told_by: &["iom-san-jose", "rcm"],
    },
    Expectation {
        n: 8,
        lang: "es",
        title: "La OIM inicia un programa de formación sobre políticas migratorias en la CRM",
        topics: &["capacity-building", "migration-governance"],
        countries: &[],
        told_by: &["rcm"],
    },
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use std::collections::BTreeSet;

    use quick_xml::{Reader, events::Event};
    use serde_json::Value;

    use super::*;

    const BASE: &str = "http://127.0.0.1:8081";

    fn noon() -> Second {
        "2024-05-01T12:00:00Z".parse().unwrap()
    }

    fn by(id: &str) -> &'static Sample {
        publishers().iter().find(|sample| sample.id == id).unwrap()
    }

    fn body(sample: &Sample, step: u32) -> String {
        match document(sample, BASE, step, noon().plus(STEP * step)) {
            Served::Document { body, .. } => body,
            Served::Unavailable => String::new(),
        }
    }

    /// How many items a well-formed XML feed has, else what is wrong with it.
    fn items(xml: &str) -> Result<usize, quick_xml::Error> {
        let mut reader = Reader::from_str(xml);
        let (mut items, mut depth) = (0, 0);
        loop {
            match reader.read_event()? {
                Event::Start(tag) => {
                    depth += 1;
                    items += usize::from(matches!(tag.name().as_ref(), "item" | "entry"));
                }
                Event::End(_) => depth -= 1,
                Event::Eof => {
                    assert_eq!(depth, 0, "it was cut off");
                    return Ok(items);
                }
                _ => {}
            }
        }
    }

    #[test]
    fn the_well_formed_feeds_are_well_formed() {
        for sample in publishers() {
            let body = body(sample, LAST_STEP);
            let told = ARTICLES.iter().flat_map(|article| article.told).filter(|told| told.by == sample.id).count();
            match sample.format {
                Format::Rss | Format::Atom => assert_eq!(items(&body).unwrap(), told, "{}", sample.id),
                Format::Json => {
                    assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["items"].as_array().unwrap().len(), told);
                }
                Format::BrokenRss => {}
            }
        }
    }

    #[test]
    fn the_broken_feed_is_broken_in_each_way_it_should_be() {
        let relief = by("relief-wire");
        let Served::Document { content_type, body } = document(relief, BASE, 0, noon()) else { panic!("it answers") };
        assert_eq!(content_type, "text/html; charset=utf-8");
        assert!(body.contains("news & reports") && body.contains("&utm_medium=rss</link>") && body.contains("&nbsp;"));
        assert_eq!(body.matches("<item>").count(), body.matches("</item>").count() + 1);
        assert!(!body.contains("</channel>"));
        let whole = &body[..body.rfind("</item>").unwrap()];
        assert!(!whole.contains("information-hubs"), "what is cut off is the copy that nobody expects");
    }

    #[test]
    fn one_publisher_is_down_at_first_and_recovers() {
        let partners = by("labour-partners");
        assert_eq!(document(partners, BASE, 0, noon()), Served::Unavailable);
        assert!(items(&body(partners, 1)).unwrap() > 0);
    }

    #[test]
    fn each_step_brings_one_thing_and_changes_nothing_else() {
        for step in 1..=LAST_STEP {
            let changed: Vec<_> = publishers().iter().filter(|sample| body(sample, step - 1) != body(sample, step)).collect();
            let arrived: Vec<_> = changed.iter().filter(|sample| step > sample.opens_at()).map(|sample| sample.id).collect();
            assert_eq!(arrived.len(), 1, "at step {step}: {arrived:?}");
        }
        let after = |sample| document(sample, BASE, LAST_STEP, noon().plus(STEP * LAST_STEP));
        assert!(
            publishers().iter().all(|sample| document(sample, BASE, LAST_STEP + 1, noon().plus(STEP * (LAST_STEP + 1))) == after(sample))
        );
    }

    #[test]
    fn what_arrives_is_dated_at_its_step_for_ever() {
        let explainer = "<published>2024-05-01T12:00:50Z</published>";
        assert!(!body(by("rcm"), 4).contains(explainer));
        assert!(body(by("rcm"), 5).contains(explainer));
        assert!(body(by("rcm"), 6).contains(explainer));
        assert_eq!(step_at(noon(), noon().plus(STEP * 5 / 2)), (2, noon().plus(STEP * 2)));
        assert_eq!(step_at(noon(), noon().plus(STEP * 1000)), (LAST_STEP, noon().plus(STEP * LAST_STEP)));
        assert_eq!(step_at(noon(), noon().minus(STEP)), (0, noon()));
    }

    #[test]
    fn the_same_step_is_the_same_bytes() {
        for (sample, step) in publishers().iter().flat_map(|sample| (0..=LAST_STEP).map(move |step| (sample, step))) {
            assert_eq!(body(sample, step), body(sample, step));
        }
    }

    #[test]
    fn names_and_dates_can_be_read() {
        for sample in publishers() {
            assert!(sample.id.parse::<crate::model::SourceId>().is_ok());
            assert!(sample.home.parse::<url::Url>().unwrap().host_str().unwrap().ends_with(".example"));
        }
        for article in ARTICLES {
            assert!(article.first.is_none_or(|first| first.parse::<Second>().is_ok()), "{}", article.slug);
            assert!(article.told.iter().all(|told| publishers().iter().any(|sample| sample.id == told.by)));
        }
    }

    #[test]
    fn what_is_expected_is_what_is_told() {
        let cut_off = |slug: &str, by: &str| slug == "information-hubs" && by == "relief-wire";
        let told: Vec<_> = ARTICLES.iter().filter(|article| article.first.is_some()).collect();
        assert_eq!(told.len(), expected().len());
        for expectation in expected() {
            let article = told.iter().find(|article| article.title == expectation.title).unwrap();
            let by: Vec<_> = article.told.iter().map(|told| told.by).filter(|by| !cut_off(article.slug, by)).collect();
            assert_eq!((article.lang, by.as_slice()), (expectation.lang, expectation.told_by), "{}", article.slug);
        }
        assert_eq!(expected().iter().map(|expectation| expectation.n).collect::<BTreeSet<_>>(), (1..=8).collect());
    }
}
