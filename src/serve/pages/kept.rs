//! Sentences that were written down in English when something was decided, told in the reader's language.
//!
//! A record is never rewritten, so that what it says is translated where it is shown: by its form, with `{}` for what was put in.
//! What has no row here was said by somebody else, or by another version, and stays as it was said, marked as English.

use super::words::fill;
use crate::model::Lang;

/// A sentence in English, Spanish, French and Portuguese.
type Row = [&'static str; 4];

/// All forms. Of two that fit the first is taken.
const ROWS: &[Row] = &[
    // Why tellings are one story, or are not
    ["the same site", "el mismo sitio", "le même site", "o mesmo sítio"],
    [
        "the same address but for the language",
        "la misma dirección salvo el idioma",
        "la même adresse à la langue près",
        "o mesmo endereço exceto o idioma",
    ],
    ["the same picture or document", "la misma imagen o documento", "la même image ou le même document", "a mesma imagem ou documento"],
    ["the same figure", "la misma cifra", "le même chiffre", "o mesmo número"],
    ["two figures", "dos cifras", "deux chiffres", "dois números"],
    ["two odd figures", "dos cifras poco comunes", "deux chiffres peu communs", "dois números pouco comuns"],
    ["three figures", "tres cifras", "trois chiffres", "três números"],
    ["the same countries", "los mismos países", "les mêmes pays", "os mesmos países"],
    ["a country", "un país", "un pays", "um país"],
    ["a title of the same words", "un título con las mismas palabras", "un titre aux mêmes mots", "um título com as mesmas palavras"],
    ["the same names", "los mismos nombres", "les mêmes noms", "os mesmos nomes"],
    ["many of the same names", "muchos de los mismos nombres", "beaucoup des mêmes noms", "muitos dos mesmos nomes"],
    ["the same topics", "los mismos temas", "les mêmes thèmes", "os mesmos temas"],
    ["they are about other countries", "tratan de otros países", "elles parlent d'autres pays", "tratam de outros países"],
    [
        "each names a country that the other does not",
        "cada una nombra un país que la otra no nombra",
        "chacune nomme un pays que l'autre ne nomme pas",
        "cada uma nomeia um país que a outra não nomeia",
    ],
    [
        "their texts begin with other numbers or days",
        "sus textos empiezan con otros números o días",
        "leurs textes commencent par d'autres nombres ou jours",
        "os textos começam com outros números ou dias",
    ],
    [
        "their texts have other figures",
        "sus textos tienen otras cifras",
        "leurs textes ont d'autres chiffres",
        "os textos têm outros números",
    ],
    [
        "their titles have other numbers",
        "sus títulos tienen otros números",
        "leurs titres ont d'autres nombres",
        "os títulos têm outras quantias",
    ],
    [
        "the numbers in their titles stand in another order",
        "los números de sus títulos están en otro orden",
        "les nombres de leurs titres sont dans un autre ordre",
        "os números dos títulos estão noutra ordem",
    ],
    ["one title has a number more", "un título tiene un número más", "un titre a un nombre de plus", "um título tem um número a mais"],
    [
        "their titles name other places",
        "sus títulos nombran otros lugares",
        "leurs titres nomment d'autres lieux",
        "os títulos nomeiam outros lugares",
    ],
    [
        "a word of one title stands in the place of another's",
        "una palabra de un título está en el lugar de una del otro",
        "un mot d'un titre est à la place d'un mot de l'autre",
        "uma palavra de um título está no lugar de uma do outro",
    ],
    [
        "their titles have other figures",
        "sus títulos tienen otras cifras",
        "leurs titres ont d'autres chiffres",
        "os títulos têm outros números",
    ],
    // What was done by itself
    [
        "the wait for the original is over",
        "terminó la espera del original",
        "l'attente de l'original est finie",
        "acabou a espera pelo original",
    ],
    ["withdrawn by its publisher", "retirada por quien la publicó", "retirée par qui l'a publiée", "retirada por quem a publicou"],
    [
        "told again by its publisher",
        "contada de nuevo por quien la publicó",
        "racontée de nouveau par qui l'a publiée",
        "contada de novo por quem a publicou",
    ],
    // What to try
    [
        "`tributary discover {}` looks for the feed that came after it; if there is none, set `enabled = false` for `{}` in sources.toml",
        "`tributary discover {}` busca el canal que le sucedió; si no hay ninguno, ponga `enabled = false` para `{}` en sources.toml",
        "`tributary discover {}` cherche le flux qui lui a succédé\u{202f}; s'il n'y en a pas, mettez `enabled = false` pour `{}` dans sources.toml",
        "`tributary discover {}` procura o feed que lhe sucedeu; se não houver, ponha `enabled = false` para `{}` em sources.toml",
    ],
    [
        "open {} in a browser; `tributary discover {}` finds the feed that is there now, or proposes how to read the page",
        "abra {} en un navegador; `tributary discover {}` encuentra el canal que hay ahora, o propone cómo leer la página",
        "ouvrez {} dans un navigateur\u{202f}; `tributary discover {}` trouve le flux qui y est maintenant, ou propose comment lire la page",
        "abra {} num navegador; `tributary discover {}` encontra o feed que lá está agora, ou propõe como ler a página",
    ],
    [
        "`tributary discover {}` proposes selectors for the page as it is now",
        "`tributary discover {}` propone selectores para la página como es ahora",
        "`tributary discover {}` propose des sélecteurs pour la page telle qu'elle est",
        "`tributary discover {}` propõe seletores para a página como está agora",
    ],
    [
        "ask the publisher to let the program in, or set `headers` for `{}` in sources.toml",
        "pida a quien publica que deje entrar al programa, o ponga `headers` para `{}` en sources.toml",
        "demandez à l'éditeur de laisser entrer le programme, ou mettez `headers` pour `{}` dans sources.toml",
        "peça a quem publica que deixe entrar o programa, ou ponha `headers` para `{}` em sources.toml",
    ],
    [
        "nothing now; if it happens often, set a longer `every` for `{}` in sources.toml",
        "nada por ahora; si ocurre a menudo, ponga un `every` más largo para `{}` en sources.toml",
        "rien pour l'instant\u{202f}; si cela arrive souvent, mettez un `every` plus long pour `{}` dans sources.toml",
        "nada por agora; se acontecer muitas vezes, ponha um `every` mais longo para `{}` em sources.toml",
    ],
    [
        "tell the publisher that its certificate is not right; if all sources fail like this, something between here and them is in the way",
        "diga a quien publica que su certificado no está bien; si todas las fuentes fallan así, algo se interpone en el camino",
        "dites à l'éditeur que son certificat n'est pas bon\u{202f}; si toutes les sources échouent ainsi, quelque chose gêne en chemin",
        "diga a quem publica que o certificado não está certo; se todas as fontes falharem assim, algo está no caminho",
    ],
    [
        "if it always takes so long, set a longer `timeout` for `{}` in sources.toml",
        "si siempre tarda tanto, ponga un `timeout` más largo para `{}` en sources.toml",
        "si c'est toujours aussi long, mettez un `timeout` plus long pour `{}` dans sources.toml",
        "se demorar sempre tanto, ponha um `timeout` mais longo para `{}` em sources.toml",
    ],
    [
        "if only this source fails, check its address: {}",
        "si solo falla esta fuente, compruebe su dirección: {}",
        "si seule cette source échoue, vérifiez son adresse\u{a0}: {}",
        "se só esta fonte falhar, verifique o endereço: {}",
    ],
    [
        "nothing now; tell the publisher if it lasts",
        "nada por ahora; avise a quien publica si dura",
        "rien pour l'instant\u{202f}; prévenez l'éditeur si cela dure",
        "nada por agora; avise quem publica se durar",
    ],
    [
        "open {} in a browser and set `url` for `{}` in sources.toml to where it leads",
        "abra {} en un navegador y ponga en `url` de `{}` en sources.toml adonde lleva",
        "ouvrez {} dans un navigateur et mettez dans `url` de `{}` dans sources.toml l'adresse où cela mène",
        "abra {} num navegador e ponha no `url` de `{}` em sources.toml o endereço a que leva",
    ],
    [
        "if it is meant to live at such an address, set `allow_private = true` for `{}` in sources.toml",
        "si debe estar en una dirección así, ponga `allow_private = true` para `{}` en sources.toml",
        "si elle doit se trouver à une telle adresse, mettez `allow_private = true` pour `{}` dans sources.toml",
        "se deve estar num endereço assim, ponha `allow_private = true` para `{}` em sources.toml",
    ],
    [
        "see the log; if it happens again, please report it",
        "mire el registro; si vuelve a ocurrir, comuníquelo",
        "voyez le journal\u{202f}; si cela se reproduit, signalez-le",
        "veja o registo; se voltar a acontecer, comunique-o",
    ],
    [
        "open {}: if the publisher writes elsewhere now, change `url` for `{}` in sources.toml; if it rests, set `expect` to how long that may be",
        "abra {}: si ahora se publica en otro sitio, cambie `url` para `{}` en sources.toml; si descansa, ponga en `expect` cuánto puede durar",
        "ouvrez {}\u{a0}: si l'éditeur écrit ailleurs, changez `url` pour `{}` dans sources.toml\u{202f}; s'il se repose, mettez dans `expect` combien cela peut durer",
        "abra {}: se agora se publica noutro lugar, mude `url` para `{}` em sources.toml; se descansa, ponha em `expect` quanto pode durar",
    ],
    [
        "write `url = \"{}\"` for `{}` in sources.toml",
        "escriba `url = \"{}\"` para `{}` en sources.toml",
        "écrivez `url = \"{}\"` pour `{}` dans sources.toml",
        "escreva `url = \"{}\"` para `{}` em sources.toml",
    ],
    [
        "nothing; the publisher may be glad to know",
        "nada; quien publica quizá se alegre de saberlo",
        "rien\u{202f}; l'éditeur sera peut-être content de le savoir",
        "nada; quem publica talvez goste de saber",
    ],
    // What else is known of a source
    [
        "items were left out at {} looks in a row: their own pages did not answer",
        "se omitieron elementos en {} consultas seguidas: sus propias páginas no respondieron",
        "des éléments ont été omis à {} consultations de suite\u{a0}: leurs propres pages n'ont pas répondu",
        "foram omitidos itens em {} consultas seguidas: as suas próprias páginas não responderam",
    ],
    [
        "it gives its items other ids at every fetch; they are known by link and text",
        "da a sus elementos otros ids en cada consulta; se reconocen por enlace y texto",
        "elle donne d'autres ids à ses éléments à chaque fois\u{202f}; ils sont reconnus par lien et texte",
        "dá outros ids aos seus itens em cada consulta; são reconhecidos por link e texto",
    ],
    [
        "it gives one id to several items; they are known by link and text",
        "da un mismo id a varios elementos; se reconocen por enlace y texto",
        "elle donne un même id à plusieurs éléments\u{202f}; ils sont reconnus par lien et texte",
        "dá um mesmo id a vários itens; são reconhecidos por link e texto",
    ],
    [
        "{} new entries were filed in the archive at {}: its source suddenly showed many old items; `tributary sources release {}` shows them as news",
        "{} entradas nuevas se archivaron el {}: la fuente mostró de pronto muchos elementos antiguos; `tributary sources release {}` las muestra como novedad",
        "{} nouvelles entrées ont été classées dans les archives le {}\u{a0}: la source a soudain montré beaucoup d'anciens éléments\u{202f}; `tributary sources release {}` les montre comme nouvelles",
        "{} entradas novas foram arquivadas em {}: a fonte mostrou de repente muitos itens antigos; `tributary sources release {}` mostra-as como novidade",
    ],
    [
        "{} new entries were filed in the archive at {}: its source had more than {} new stories within the hour; `tributary sources release {}` shows them as news",
        "{} entradas nuevas se archivaron el {}: la fuente trajo más de {} noticias nuevas en una hora; `tributary sources release {}` las muestra como novedad",
        "{} nouvelles entrées ont été classées dans les archives le {}\u{a0}: la source a eu plus de {} nouvelles en une heure\u{202f}; `tributary sources release {}` les montre comme nouvelles",
        "{} entradas novas foram arquivadas em {}: a fonte trouxe mais de {} notícias novas numa hora; `tributary sources release {}` mostra-as como novidade",
    ],
    [
        "its last document takes back {} items at once, which is not believed; `tributary sources withdraw {}` takes all of its copies back",
        "su último documento retira {} elementos a la vez, lo que no se cree; `tributary sources withdraw {}` retira todas sus copias",
        "son dernier document retire {} éléments d'un coup, ce qui n'est pas cru\u{202f}; `tributary sources withdraw {}` retire toutes ses copies",
        "o seu último documento retira {} itens de uma vez, o que não se acredita; `tributary sources withdraw {}` retira todas as suas cópias",
    ],
];

/// What was written down, in some language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) text: String,
    /// Whether it is English on a page that is not.
    pub(super) is_foreign: bool,
}

/// A sentence in a language, as far as it is known there.
pub(super) fn told(text: &str, lang: Lang) -> Kept {
    let as_it_is = |is_foreign| Kept { text: text.to_owned(), is_foreign };
    let Some(at) = Lang::SPOKEN.iter().position(|spoken| *spoken == lang).filter(|at| *at > 0) else { return as_it_is(false) };
    let found = ROWS.iter().find_map(|row| Some((row, holes(text, row[0])?)));
    found.map_or_else(|| as_it_is(true), |(row, holes)| Kept { text: fill(row[at], &holes), is_foreign: false })
}

/// What a text has where a form has `{}`; nothing when it is not of that form.
fn holes<'a>(text: &'a str, form: &str) -> Option<Vec<&'a str>> {
    let mut parts = form.split("{}");
    let mut rest = text.strip_prefix(parts.next()?)?;
    let mut holes = Vec::new();
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        // What comes last has to be the end.
        let (hole, after) = if parts.peek().is_none() { (rest.strip_suffix(part)?, "") } else { rest.split_once(part)? };
        holes.push(hole);
        rest = after;
    }
    rest.is_empty().then_some(holes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_stays_and_what_nobody_knows_stays_english() {
        let es = |text: &str| told(text, Lang::ES);
        assert_eq!(es("two odd figures").text, "dos cifras poco comunes");
        let known = es("if only this source fails, check its address: https://a.example/{x}: y");
        assert_eq!(
            (known.text.as_str(), known.is_foreign),
            ("si solo falla esta fuente, compruebe su dirección: https://a.example/{x}: y", false)
        );
        assert_eq!(
            es("write `url = \"https://b.example/\"` for `b` in sources.toml").text,
            "escriba `url = \"https://b.example/\"` para `b` en sources.toml"
        );
        assert_eq!(es("by hand"), Kept { text: "by hand".to_owned(), is_foreign: true });
        assert_eq!(told("by hand", Lang::EN), Kept { text: "by hand".to_owned(), is_foreign: false });
    }

    /// The texts that stand in a source after one of these words.
    fn texts<'a>(source: &'a str, before: &'a [&str]) -> impl Iterator<Item = &'a str> {
        let code = source.split("#[cfg(test)]").next().unwrap_or_default();
        before.iter().flat_map(move |before| code.split(before).skip(1)).filter_map(|after| after.split('"').next())
    }

    #[test]
    fn whatever_is_said_of_two_tellings_has_a_form() {
        let guard = texts(include_str!("../../dedup/guard.rs"), &["then_some(\"", "Some(\""]);
        let translation = texts(include_str!("../../dedup/translation.rs"), &["Refused(\"", "0, \"", "5, \""]);
        let mut count = 0;
        for text in guard.chain(translation) {
            count += 1;
            assert!(!told(text, Lang::ES).is_foreign, "`{text}` is told in English alone");
        }
        assert!(count > 15, "{count}");
    }

    #[test]
    fn every_form_is_there_in_four_languages_with_the_same_places_and_is_found_by_itself() {
        for row in ROWS {
            assert!(row.iter().all(|told| told.matches("{}").count() == row[0].matches("{}").count()), "{}", row[0]);
            assert!(row[1..].iter().all(|told| *told != row[0]), "{} is English in another language", row[0]);
            let filled = fill(row[0], &["1", "2", "3", "4"]);
            assert_eq!(told(&filled, Lang::FR).text, fill(row[2], &["1", "2", "3", "4"]));
        }
    }
}
