//! The words of the pages, in four languages, in one table.
//!
//! A row is a word or a sentence in English, Spanish, French and Portuguese; `{}` is where something is put in. A page
//! can say nothing that has no row here, so that none of it stays in English.
//! Deliberately absent: names of labels (`model::names`), and what a feed holds, in words (`publish::title`).

use crate::model::{Fault, Field, Lang, Role, Standing};

macro_rules! table {
    ($($name:ident: [$en:literal, $es:literal, $fr:literal, $pt:literal $(,)?],)*) => {
        /// All words in one language.
        #[derive(Debug)]
        pub(in crate::serve) struct Words { $(pub(in crate::serve) $name: &'static str,)* }

        /// In the order of [`Lang::SPOKEN`].
        static ALL: [Words; 4] = [
            Words { $($name: $en,)* },
            Words { $($name: $es,)* },
            Words { $($name: $fr,)* },
            Words { $($name: $pt,)* },
        ];

        #[cfg(test)]
        const ROWS: &[(&str, [&str; 4])] = &[$((stringify!($name), [$en, $es, $fr, $pt]),)*];
    };
}

table! {
    // The frame
    skip: ["Skip to the content", "Saltar al contenido", "Aller au contenu", "Ir para o conteúdo"],
    pages: ["Pages", "Páginas", "Pages du site", "Páginas do site"],
    language: ["Language", "Idioma", "Langue", "Idioma"],
    stories: ["Stories", "Noticias", "Actualités", "Notícias"],
    build: ["Build a feed", "Crear un canal", "Créer un flux", "Criar um feed"],
    map: ["Map", "Mapa", "Carte", "Mapa"],
    trends: ["Trends", "Tendencias", "Tendances", "Tendências"],
    sources: ["Sources", "Fuentes", "Sources", "Fontes"],
    about_site: [
        "Each story once, from its best source. Times are UTC.",
        "Cada noticia una sola vez, de su mejor fuente. Las horas son UTC.",
        "Chaque actualité une seule fois, de sa meilleure source. Les heures sont en UTC.",
        "Cada notícia uma só vez, da sua melhor fonte. As horas são em UTC.",
    ],
    unfiled: ["What nobody filed", "Lo que nadie clasificó", "Ce que personne n'a classé", "O que ninguém classificou"],

    // Stories
    latest: ["Latest stories", "Últimas noticias", "Dernières actualités", "Últimas notícias"],
    one_story: ["1 story", "1 noticia", "1 actualité", "1 notícia"],
    many_stories: ["{} stories", "{} noticias", "{} actualités", "{} notícias"],
    more_than: ["more than {}", "más de {}", "plus de {}", "mais de {}"],
    also_told: ["Also told by", "También en", "Aussi chez", "Também em"],
    details: ["Why is this here?", "¿Por qué está aquí?", "Pourquoi est-ce ici\u{202f}?", "Por que isto está aqui?"],
    untitled: ["Without a title", "Sin título", "Sans titre", "Sem título"],
    newer: ["Newer", "Más recientes", "Plus récentes", "Mais recentes"],
    older: ["Older", "Más antiguas", "Plus anciennes", "Mais antigas"],
    newest: ["Newest", "Las últimas", "Les dernières", "As últimas"],
    paging: ["Further stories", "Más noticias", "Autres actualités", "Outras notícias"],
    labels: ["Labels", "Etiquetas", "Étiquettes", "Etiquetas"],
    editions: ["Also in", "También en", "Aussi en", "Também em"],
    nothing: ["No story here yet", "Todavía no hay noticias aquí", "Pas encore d'actualité ici", "Ainda não há notícias aqui"],
    nothing_more: [
        "The address is right, and a feed of it stays empty until a story comes that fits. You could leave out one of the wishes:",
        "La dirección es correcta; su canal estará vacío hasta que llegue una noticia que cumpla todo. Puede quitar una de las condiciones:",
        "L'adresse est juste\u{202f}; son flux reste vide jusqu'à ce qu'une actualité convienne. Vous pouvez retirer l'un des critères\u{a0}:",
        "O endereço está certo; o feed fica vazio até chegar uma notícia que sirva. Pode retirar uma das condições:",
    ],
    nothing_at_all: [
        "Stories appear here as soon as the first source has been read.",
        "Las noticias aparecerán en cuanto se haya leído la primera fuente.",
        "Les actualités apparaîtront dès que la première source aura été lue.",
        "As notícias aparecerão assim que a primeira fonte for lida.",
    ],
    filter: ["Filter", "Filtrar", "Filtrer", "Filtrar"],
    now_filtered: ["Filtered by", "Filtro actual", "Filtre actuel", "Filtro atual"],
    remove: ["Remove: {}", "Quitar: {}", "Retirer\u{a0}: {}", "Retirar: {}"],
    clear: ["Clear all", "Quitar todo", "Tout retirer", "Retirar tudo"],
    show: ["Show", "Mostrar", "Afficher", "Mostrar"],
    any: ["Any", "Cualquiera", "Indifférent", "Qualquer"],
    topic: ["Topic", "Tema", "Thème", "Tema"],
    country: ["Country", "País", "Pays", "País"],
    region: ["Region", "Región", "Région", "Região"],
    source: ["Source", "Fuente", "Source", "Fonte"],
    words: ["Words", "Palabras", "Mots", "Palavras"],
    words_hint: ["one or more, \"a phrase\", -without", "una o más, \"una frase\", -sin", "un ou plusieurs, \"une phrase\", -sans", "uma ou mais, \"uma frase\", -sem"],
    more_choice: ["More choice", "Más opciones", "Plus de choix", "Mais opções"],
    browse: ["Browse", "Explorar", "Parcourir", "Explorar"],
    topics: ["Topics", "Temas", "Thèmes", "Temas"],
    saved: ["Saved feeds", "Canales guardados", "Flux enregistrés", "Feeds guardados"],
    countries: ["Countries", "Países", "Pays", "Países"],
    regions: ["Regions", "Regiones", "Régions", "Regiões"],
    languages: ["Languages", "Idiomas", "Langues", "Idiomas"],

    // Subscribing
    subscribe: ["Subscribe", "Suscribirse", "S'abonner", "Assinar"],
    for_readers: ["For news readers", "Para lectores de noticias", "Pour les lecteurs de flux", "Para leitores de notícias"],
    for_teams: ["For Slack, Teams, Outlook, WordPress", "Para Slack, Teams, Outlook, WordPress", "Pour Slack, Teams, Outlook, WordPress", "Para Slack, Teams, Outlook, WordPress"],
    for_programs: ["For programs", "Para programas", "Pour les programmes", "Para programas"],
    copy: ["Copy", "Copiar", "Copier", "Copiar"],
    copied: ["Copied", "Copiado", "Copié", "Copiado"],
    open_in_reader: ["Open in your news reader", "Abrir en su lector de noticias", "Ouvrir dans votre lecteur de flux", "Abrir no seu leitor de notícias"],
    or_add_to: ["Or add it to", "O añadirlo a", "Ou l'ajouter à", "Ou adicionar a"],
    own_server: [
        "On a FreshRSS of your own, open this below its address:",
        "En un FreshRSS propio, abra esto bajo su dirección:",
        "Sur votre propre FreshRSS, ouvrez ceci sous son adresse\u{a0}:",
        "Num FreshRSS próprio, abra isto sob o seu endereço:",
    ],
    opml: ["As a list of feeds, one a topic (OPML)", "Como lista de canales, uno por tema (OPML)", "Comme liste de flux, un par thème (OPML)", "Como lista de feeds, um por tema (OPML)"],

    // A story
    read_at: ["Read it at {}", "Leer en {}", "Lire chez {}", "Ler em {}"],
    told_by: ["Told by", "Contada por", "Racontée par", "Contada por"],
    first_seen: ["first seen {}", "vista por primera vez el {}", "vue la première fois le {}", "vista pela primeira vez em {}"],
    published: ["published {}", "publicada el {}", "publiée le {}", "publicada em {}"],
    shown_copy: ["shown here", "la que se muestra", "celle qui est montrée", "a que se mostra"],
    looks_like: ["Looks like, and is not", "Se parece, y no es", "Ressemble, mais n'en est pas", "Parece-se, mas não é"],
    another_story: ["another story", "otra noticia", "une autre actualité", "outra notícia"],
    filed_under: ["Filed under", "Clasificada en", "Classée dans", "Classificada em"],
    filed_nowhere: ["Under no topic and no country.", "En ningún tema ni país.", "Sous aucun thème ni pays.", "Sob nenhum tema nem país."],
    nearly_filed: ["Nearly filed under", "Casi clasificada en", "Presque classée dans", "Quase classificada em"],
    editor_says: ["an editor says so", "lo dice un editor", "un éditeur le dit", "um editor diz isso"],
    in_title: ["in the title", "en el título", "dans le titre", "no título"],
    in_summary: ["in the summary", "en el resumen", "dans le résumé", "no resumo"],
    in_text: ["in the text", "en el texto", "dans le texte", "no texto"],
    in_categories: ["in the publisher's categories", "en las categorías del editor", "dans les catégories de l'éditeur", "nas categorias da fonte"],
    in_source: ["from the source's configuration", "por la configuración de la fuente", "par la configuration de la source", "pela configuração da fonte"],
    rule: ["rule {}, weight {}", "regla {}, peso {}", "règle {}, poids {}", "regra {}, peso {}"],
    marked: [
        "The words that spoke for a label are marked.",
        "Las palabras que hablaron por una etiqueta están marcadas.",
        "Les mots qui ont parlé pour une étiquette sont marqués.",
        "As palavras que falaram por uma etiqueta estão marcadas.",
    ],
    venue: ["as the place of a meeting", "como lugar de reunión", "comme lieu de réunion", "como lugar de reunião"],
    of_source: ["as the country of its source", "como país de su fuente", "comme pays de sa source", "como país da sua fonte"],
    mentioned: ["as a mention", "como mención", "comme mention", "como menção"],
    history: ["History", "Historia", "Historique", "Histórico"],
    began: ["{} told it first", "{} la contó primero", "{} l'a racontée en premier", "{} contou-a primeiro"],
    joined: ["{} told it too", "{} la contó también", "{} l'a racontée aussi", "{} contou-a também"],
    was_title: ["the title was “{}”", "el título era «{}»", "le titre était «\u{a0}{}\u{a0}»", "o título era “{}”"],
    was_link: ["the link was {}", "el enlace era {}", "le lien était {}", "o link era {}"],
    was_no_link: ["there was no link", "no había enlace", "il n'y avait pas de lien", "não havia link"],
    text_length: ["its text had {} words, and has {}", "su texto tenía {} palabras, y tiene {}", "son texte avait {} mots, et en a {}", "o texto tinha {} palavras, e tem {}"],
    words_gone: ["went: “{}”", "se fue: «{}»", "parti\u{a0}: «\u{a0}{}\u{a0}»", "saiu: “{}”"],
    words_new: ["came: “{}”", "llegó: «{}»", "arrivé\u{a0}: «\u{a0}{}\u{a0}»", "entrou: “{}”"],
    archived: ["filed in the archive: {}", "archivada: {}", "classée dans les archives\u{a0}: {}", "arquivada: {}"],
    rule_first: ["it was old when its source was first looked at", "era antigua cuando se consultó su fuente por primera vez", "elle était ancienne quand sa source a été consultée la première fois", "era antiga quando a sua fonte foi consultada pela primeira vez"],
    rule_old: ["its source suddenly showed many old items", "su fuente mostró de golpe muchas noticias antiguas", "sa source a montré d'un coup beaucoup d'éléments anciens", "a sua fonte mostrou de repente muitos itens antigos"],
    rule_many: ["its source had more than {} new stories within the hour", "su fuente tuvo más de {} noticias nuevas en una hora", "sa source a eu plus de {} actualités nouvelles en une heure", "a sua fonte teve mais de {} notícias novas numa hora"],
    retracted: ["the copy of {} was withdrawn by its publisher", "la copia de {} fue retirada por su editor", "la copie de {} a été retirée par son éditeur", "a cópia de {} foi retirada pela própria fonte"],
    revised: ["{} changed its text", "{} cambió su texto", "{} a modifié son texte", "{} mudou o seu texto"],
    switched: ["a better copy took over: {}", "una copia mejor tomó su lugar: {}", "une meilleure copie a pris la place\u{a0}: {}", "uma cópia melhor tomou o lugar: {}"],
    act_hide: ["hidden by an editor", "ocultada por un editor", "masquée par un éditeur", "ocultada por um editor"],
    act_release: ["brought back by an editor", "restituida por un editor", "rétablie par un éditeur", "reposta por um editor"],
    act_relabel: ["labelled by an editor", "etiquetada por un editor", "étiquetée par un éditeur", "etiquetada por um editor"],
    act_split: ["a copy was taken out by an editor", "un editor separó una copia", "un éditeur a retiré une copie", "um editor separou uma cópia"],
    act_join: ["made one of two by an editor", "un editor unió dos noticias", "un éditeur a réuni deux actualités", "um editor juntou duas notícias"],
    act_withdraw: ["a source was withdrawn", "se retiró una fuente", "une source a été retirée", "uma fonte foi retirada"],
    act_erase: ["its words were taken out by an editor", "un editor quitó sus palabras", "un éditeur a retiré ses mots", "um editor retirou as suas palavras"],
    permanent: ["Permanent address", "Dirección permanente", "Adresse permanente", "Endereço permanente"],
    wrong_here: ["Wrong here? Tell us", "¿Hay un error? Avísenos", "Une erreur\u{202f}? Dites-le-nous", "Algo errado? Avise-nos"],
    wrong_label: ["wrong?", "¿error?", "erreur\u{202f}?", "errado?"],
    wrong_subject: ["Wrong here: {}", "Error: {}", "Erreur\u{a0}: {}", "Errado: {}"],
    why_first: ["the story began with it", "la noticia empezó con ella", "l'actualité a commencé par elle", "a notícia começou com ela"],
    why_link: ["tells the same page, {}", "cuenta la misma página, {}", "raconte la même page, {}", "conta a mesma página, {}"],
    why_text: ["has the same title and text", "tiene el mismo título y texto", "a le même titre et le même texte", "tem o mesmo título e texto"],
    why_title: ["has the same title", "tiene el mismo título", "a le même titre", "tem o mesmo título"],
    why_near: [
        "has nearly the same text: {} % of the shorter one stands in the other, {} % of both is common",
        "tiene casi el mismo texto: el {} % del más corto está en el otro, el {} % de ambos es común",
        "a presque le même texte\u{a0}: {} % du plus court se trouve dans l'autre, {} % des deux est commun",
        "tem quase o mesmo texto: {} % do mais curto está no outro, {} % de ambos é comum",
    ],
    why_figures: ["tells the same figures in other words: {}", "da las mismas cifras con otras palabras: {}", "donne les mêmes chiffres en d'autres mots\u{a0}: {}", "dá os mesmos números por outras palavras: {}"],
    why_translation: ["is a translation", "es una traducción", "est une traduction", "é uma tradução"],
    why_between: [
        "another copy tells the same as this one and as the others",
        "otra copia cuenta lo mismo que esta y que las demás",
        "une autre copie raconte la même chose que celle-ci et que les autres",
        "outra cópia conta o mesmo que esta e que as outras",
    ],
    why_editor: ["an editor put it here", "un editor la puso aquí", "un éditeur l'a mise ici", "um editor pô-la aqui"],

    // Building a feed
    build_lead: [
        "Choose what you want to read. Everything below can be left as it is; what you choose becomes one address that any news reader understands.",
        "Elija lo que quiere leer. Todo puede quedar como está; lo que elija se convierte en una dirección que entiende cualquier lector de noticias.",
        "Choisissez ce que vous voulez lire. Tout peut rester tel quel\u{202f}; votre choix devient une adresse que tout lecteur de flux comprend.",
        "Escolha o que quer ler. Tudo pode ficar como está; a sua escolha torna-se um endereço que qualquer leitor de notícias entende.",
    ],
    any_of: ["any of these", "cualquiera de estos", "l'un d'eux", "qualquer um destes"],
    all_of: ["all of these together", "todos estos a la vez", "tous à la fois", "todos estes juntos"],
    without_topics: ["Without these topics", "Sin estos temas", "Sans ces thèmes", "Sem estes temas"],
    without_countries: [
        "Without stories that also concern",
        "Sin noticias que también traten de",
        "Sans les actualités qui concernent aussi",
        "Sem notícias que também tratem de",
    ],
    other_countries: ["All other countries", "Todos los demás países", "Tous les autres pays", "Todos os outros países"],
    map_choose: ["Or choose on the map", "O elija en el mapa", "Ou choisissez sur la carte", "Ou escolha no mapa"],
    lang_note: [
        "Stories whose language is not known are always included.",
        "Las noticias de idioma desconocido se incluyen siempre.",
        "Les actualités de langue inconnue sont toujours incluses.",
        "As notícias de idioma desconhecido são sempre incluídas.",
    ],
    preview: ["Show what it gives", "Ver qué contiene", "Voir ce que cela donne", "Ver o que contém"],
    your_feed: ["Your feed", "Su canal", "Votre flux", "O seu feed"],
    everything: ["all stories", "todas las noticias", "toutes les actualités", "todas as notícias"],
    kept_as_is: ["Also asked", "También se pide", "Aussi demandé", "Também se pede"],
    about_a_day: ["About {} a day", "Unas {} al día", "Environ {} par jour", "Cerca de {} por dia"],
    about_a_week: ["About {} a week", "Unas {} por semana", "Environ {} par semaine", "Cerca de {} por semana"],
    about_a_month: ["About {} a month", "Unas {} al mes", "Environ {} par mois", "Cerca de {} por mês"],
    about_a_year: ["About {} a year", "Unas {} al año", "Environ {} par an", "Cerca de {} por ano"],
    seldom: ["Nothing in the last year", "Nada en el último año", "Rien dans la dernière année", "Nada no último ano"],
    last_on: ["the last on {}", "la última el {}", "la dernière le {}", "a última em {}"],
    in_all: ["{} in all", "{} en total", "{} en tout", "{} no total"],
    none_yet: ["No story fits yet.", "Ninguna noticia cumple todavía.", "Aucune actualité ne convient encore.", "Nenhuma notícia serve ainda."],
    without_it: ["Without the wish for {}: {}", "Sin la condición «{}»: {}", "Sans le critère «\u{a0}{}\u{a0}»\u{a0}: {}", "Sem a condição «{}»: {}"],
    latest_in_it: ["The latest in it", "Lo último en él", "Les dernières dedans", "As últimas nele"],
    its_page: ["See its page", "Ver su página", "Voir sa page", "Ver a sua página"],
    json_example: ["For developers, in five lines", "Para programadores, en cinco líneas", "Pour les développeurs, en cinq lignes", "Para programadores, em cinco linhas"],
    cannot_be: ["This can not be", "Esto no puede ser", "Cela ne peut pas être", "Isto não pode ser"],

    // Map and trends
    map_title: ["Stories by country", "Noticias por país", "Actualités par pays", "Notícias por país"],
    map_label: [
        "World map in Equal Earth projection: the darker a country, the more stories are about it. The table below has the numbers.",
        "Mapamundi en proyección Equal Earth: cuanto más oscuro un país, más noticias tratan de él. La tabla siguiente da los números.",
        "Carte du monde en projection Equal Earth\u{a0}: plus un pays est foncé, plus d'actualités en parlent. Le tableau ci-dessous donne les nombres.",
        "Mapa-múndi em projeção Equal Earth: quanto mais escuro um país, mais notícias tratam dele. A tabela abaixo dá os números.",
    ],
    map_note: [
        "Shapes: Natural Earth, public domain. Equal Earth projection: areas are true. Borders are drawn as in that data and express no opinion.",
        "Formas: Natural Earth, dominio público. Proyección Equal Earth: las áreas son verdaderas. Las fronteras son las de esos datos y no expresan opinión.",
        "Formes\u{a0}: Natural Earth, domaine public. Projection Equal Earth\u{a0}: les surfaces sont justes. Les frontières sont celles de ces données et n'expriment aucune opinion.",
        "Formas: Natural Earth, domínio público. Projeção Equal Earth: as áreas são verdadeiras. As fronteiras são as desses dados e não exprimem opinião.",
    ],
    period: ["Period", "Periodo", "Période", "Período"],
    last_week: ["Last 7 days", "Últimos 7 días", "7 derniers jours", "Últimos 7 dias"],
    last_month: ["Last 30 days", "Últimos 30 días", "30 derniers jours", "Últimos 30 dias"],
    last_quarter: ["Last 90 days", "Últimos 90 días", "90 derniers jours", "Últimos 90 dias"],
    last_year: ["Last 365 days", "Últimos 365 días", "365 derniers jours", "Últimos 365 dias"],
    all_time: ["All time", "Desde siempre", "Depuis toujours", "Desde sempre"],
    no_country: ["About no country: {}", "Sobre ningún país: {}", "Sur aucun pays\u{a0}: {}", "Sobre nenhum país: {}"],
    numbers: ["The numbers", "Los números", "Les chiffres", "Os números"],
    as_csv: ["As CSV", "En CSV", "En CSV", "Em CSV"],
    none_in_period: ["No story in this time.", "Ninguna noticia en este periodo.", "Aucune actualité dans cette période.", "Nenhuma notícia neste período."],
    trends_title: ["Trends by week", "Tendencias por semana", "Tendances par semaine", "Tendências por semana"],
    trends_lead: [
        "Stories a week, over the last {} weeks, the present one last. All bars of a section have one scale.",
        "Noticias por semana en las últimas {} semanas; la actual es la última. Todas las barras de una sección tienen la misma escala.",
        "Actualités par semaine sur les {} dernières semaines, la présente en dernier. Toutes les barres d'une section ont la même échelle.",
        "Notícias por semana nas últimas {} semanas; a atual é a última. Todas as barras de uma secção têm a mesma escala.",
    ],
    sources_active: ["Sources by activity", "Fuentes por actividad", "Sources par activité", "Fontes por atividade"],
    by_topic: ["By topic", "Por tema", "Par thème", "Por tema"],
    total: ["Total", "Total", "Total", "Total"],

    // Sources
    status_title: ["How the sources are", "Cómo están las fuentes", "L'état des sources", "Como estão as fontes"],
    one_source: ["1 source", "1 fuente", "1 source", "1 fonte"],
    many_sources: ["{} sources", "{} fuentes", "{} sources", "{} fontes"],
    troubles: ["Troubles", "Problemas", "Problèmes", "Problemas"],
    others: ["The others", "Las demás", "Les autres", "As outras"],
    all: ["All", "Todas", "Toutes", "Todas"],
    what_to_try: ["What to try: {}", "Qué probar: {}", "Que tenter\u{a0}: {}", "O que tentar: {}"],
    last_answer: ["last answer", "última respuesta", "dernière réponse", "última resposta"],
    last_news: ["last news", "última novedad", "dernière nouveauté", "última novidade"],
    next_look: ["next look", "próxima consulta", "prochaine consultation", "próxima consulta"],
    new_a_week: ["{} new a week", "{} nuevas por semana", "{} nouvelles par semaine", "{} novas por semana"],
    not_shown: ["{} more are not shown here", "{} más no se muestran aquí", "{} autres ne sont pas affichées ici", "mais {} não são mostradas aqui"],
    all_as_json: ["all of them as JSON", "todas en JSON", "toutes en JSON", "todas em JSON"],
    as_feed: ["troubles and recoveries as a feed", "problemas y recuperaciones como canal", "problèmes et rétablissements en flux", "problemas e recuperações como feed"],
    configuration: ["Configuration", "Configuración", "Configuration", "Configuração"],
    has_mistakes: [
        "The configuration was changed and has mistakes; the one of {} is kept:",
        "La configuración cambió y tiene errores; se mantiene la del {}:",
        "La configuration a changé et comporte des erreurs\u{202f}; celle du {} est gardée\u{a0}:",
        "A configuração mudou e tem erros; mantém-se a de {}:",
    ],
    has_to_wait: [
        "Some of it has to wait until the daemon is started again:",
        "Una parte espera hasta que el servicio se reinicie:",
        "Une partie attend que le service soit redémarré\u{a0}:",
        "Uma parte espera até o serviço ser reiniciado:",
    ],
    looks_told: ["The last looks, the newest at the right: tall, something new; low, nothing new; marked, trouble.",
        "Las últimas consultas, la más reciente a la derecha: alta, algo nuevo; baja, nada nuevo; marcada, problema.",
        "Les dernières consultations, la plus récente à droite\u{a0}: haute, du nouveau\u{202f}; basse, rien\u{202f}; marquée, un problème.",
        "As últimas consultas, a mais recente à direita: alta, algo novo; baixa, nada de novo; marcada, problema."],
    looks: ["the last looks", "las últimas consultas", "les dernières consultations", "as últimas consultas"],
    answers: ["it answers; items in its document: {}", "responde; elementos en su documento: {}", "elle répond; éléments dans son document\u{a0}: {}", "responde; itens no seu documento: {}"],
    so_since: ["so since {}", "así desde el {}", "ainsi depuis le {}", "assim desde {}"],
    gone: ["gone", "desaparecida", "disparue", "desaparecida"],
    broken: ["broken", "rota", "cassée", "avariada"],
    blocked: ["blocked", "bloqueada", "bloquée", "bloqueada"],
    failing: ["failing", "falla", "en échec", "falha"],
    silent: ["silent", "callada", "muette", "calada"],
    moved: ["moved", "mudada", "déplacée", "mudou-se"],
    waiting: ["waiting", "en espera", "en attente", "em espera"],
    repaired: ["repaired", "reparada", "réparée", "reparada"],
    new: ["new", "nueva", "nouvelle", "nova"],
    fine: ["fine", "bien", "en ordre", "bem"],
    off: ["off", "apagada", "éteinte", "desligada"],
    says_silent: ["it answers, and has had nothing new for far longer than usual", "responde, y no tiene nada nuevo desde hace mucho más de lo habitual", "elle répond, et n'a rien de neuf depuis bien plus longtemps que d'habitude", "responde, e não tem nada de novo há muito mais tempo do que o habitual"],
    says_moved: ["it answers, and says that its address is another one now", "responde, y dice que su dirección es otra ahora", "elle répond, et dit que son adresse a changé", "responde, e diz que o seu endereço agora é outro"],
    says_repaired: ["it is read, and had to be mended", "se lee, y hubo que repararla", "elle est lue, et il a fallu la réparer", "é lida, e teve de ser reparada"],
    says_new: ["it was not asked yet", "todavía no se ha consultado", "elle n'a pas encore été consultée", "ainda não foi consultada"],
    says_off: ["it is switched off", "está apagada", "elle est éteinte", "está desligada"],
    fault_unreachable: ["no answer", "sin respuesta", "pas de réponse", "sem resposta"],
    fault_tls: ["no encrypted connection", "sin conexión cifrada", "pas de connexion chiffrée", "sem ligação cifrada"],
    fault_slow: ["no whole answer in time", "sin respuesta completa a tiempo", "pas de réponse complète à temps", "sem resposta completa a tempo"],
    fault_asked_to_wait: ["it asked us to wait", "pidió esperar", "elle a demandé d'attendre", "pediu para esperar"],
    fault_gone: ["it said that it is gone for good", "dijo que desapareció para siempre", "elle a dit qu'elle a disparu pour de bon", "disse que desapareceu de vez"],
    fault_blocked: ["it did not let us in", "no nos dejó entrar", "elle ne nous a pas laissés entrer", "não nos deixou entrar"],
    fault_missing: ["there was nothing at its address", "no había nada en su dirección", "il n'y avait rien à son adresse", "não havia nada no seu endereço"],
    fault_server: ["its server failed", "su servidor falló", "son serveur a échoué", "o seu servidor falhou"],
    fault_misdirected: ["it redirected in a way that is not followed", "redirigió de un modo que no se sigue", "elle a redirigé d'une façon qui n'est pas suivie", "redirecionou de um modo que não se segue"],
    fault_unreadable: ["what it sent was no feed that could be read", "lo que envió no era un canal legible", "ce qu'elle a envoyé n'était pas un flux lisible", "o que enviou não era um feed legível"],
    fault_broken: ["the selectors of its page found nothing", "los selectores de su página no encontraron nada", "les sélecteurs de sa page n'ont rien trouvé", "os seletores da sua página nada encontraram"],
    fault_forbidden: ["its address must not be asked", "su dirección no debe consultarse", "son adresse ne doit pas être consultée", "o seu endereço não deve ser consultado"],
    fault_internal: ["it could not be read, by a fault of ours", "no pudo leerse, por un fallo nuestro", "elle n'a pas pu être lue, par notre faute", "não pôde ser lida, por falha nossa"],
    fault_other: ["a fault that this version does not know", "un fallo que esta versión no conoce", "une erreur que cette version ne connaît pas", "uma falha que esta versão não conhece"],

    // For editors
    editing: ["Editing", "Edición", "Rédaction", "Edição"],
    editing_lead: [
        "What waits for a person. Readers see none of this.",
        "Lo que espera a una persona. Los lectores no ven nada de esto.",
        "Ce qui attend quelqu'un. Les lecteurs n'en voient rien.",
        "O que espera por alguém. Os leitores não veem nada disto.",
    ],
    public_site: ["What readers see", "Lo que ven los lectores", "Ce que voient les lecteurs", "O que os leitores veem"],
    find_story: ["A story, by its link, its address here or its id", "Una noticia, por su enlace, su dirección aquí o su id", "Une actualité, par son lien, son adresse ici ou son id", "Uma notícia, pelo link, pelo endereço aqui ou pelo id"],
    waiting_for_original: ["Waiting for their original", "Esperan a su original", "En attente de leur original", "À espera do original"],
    none_waits: ["Nothing.", "Nada.", "Rien.", "Nada de momento."],
    floods: ["Sources that brought too much at once", "Fuentes que trajeron demasiado de una vez", "Sources qui ont trop apporté d'un coup", "Fontes que trouxeram demasiado de uma vez"],
    flooded: ["{} entries were filed in the archive on {}", "{} entradas se archivaron el {}", "{} entrées ont été classées dans les archives le {}", "{} entradas foram arquivadas em {}"],
    release_flood: ["Show them as news", "Mostrarlas como novedad", "Les montrer comme nouvelles", "Mostrá-las como novidade"],
    why: ["Why (readers may see it)", "Por qué (los lectores pueden verlo)", "Pourquoi (visible des lecteurs)", "Porquê (os leitores podem vê-lo)"],
    pull_now: ["Look now", "Consultar ahora", "Consulter maintenant", "Consultar agora"],
    withdraw: ["Withdraw a source", "Retirar una fuente", "Retirer une source", "Retirar uma fonte"],
    withdraw_lead: [
        "Takes everything that it told out of all feeds. A story that others told too stays.",
        "Quita de todos los canales lo que contó. Una noticia que otros también contaron se queda.",
        "Retire de tous les flux ce qu'elle a raconté. Une actualité que d'autres ont racontée aussi reste.",
        "Retira de todos os feeds o que contou. Uma notícia que outros também contaram fica.",
    ],
    reload: ["Read the configuration again", "Leer de nuevo la configuración", "Relire la configuration", "Ler de novo a configuração"],
    reload_lead: [
        "Sources, topics, feeds and limits. What comes of it is told on the page of the sources.",
        "Fuentes, temas, canales y límites. El resultado se muestra en la página de las fuentes.",
        "Sources, thèmes, flux et limites. Le résultat est dit sur la page des sources.",
        "Fontes, temas, feeds e limites. O resultado mostra-se na página das fontes.",
    ],
    deeds: ["What you can do", "Lo que puede hacer", "Ce que vous pouvez faire", "O que pode fazer"],
    release: ["Bring it back", "Recuperarla", "La remettre", "Recuperá-la"],
    as_new: ["in a new place, as news", "en un lugar nuevo, como novedad", "à une nouvelle place, comme nouvelle", "num lugar novo, como novidade"],
    relabel: ["File it otherwise", "Clasificarla de otro modo", "La classer autrement", "Classificá-la de outro modo"],
    take_labels: ["Take away", "Quitar estas", "Retirer ceci", "Retirar estas"],
    give_labels: ["Add", "Añadir", "Ajouter", "Adicionar"],
    forget: ["forget first what editors said before", "olvidar antes lo que dijeron los editores", "oublier d'abord ce que les éditeurs ont dit", "esquecer antes o que os editores disseram"],
    hide: ["Hide it", "Ocultarla", "La masquer", "Ocultá-la"],
    hide_lead: [
        "Takes it out of every feed. It can be brought back.",
        "La quita de todos los canales. Se puede recuperar.",
        "La retire de tous les flux. Elle peut être remise.",
        "Retira-a de todos os feeds. Pode ser recuperada.",
    ],
    join: ["Join it with another", "Unirla con otra", "La réunir à une autre", "Juntá-la a outra"],
    join_lead: [
        "The copies of both become one story. It can be split again.",
        "Las copias de ambas pasan a ser una noticia. Se puede volver a separar.",
        "Les copies des deux deviennent une actualité. On peut les séparer de nouveau.",
        "As cópias de ambas passam a ser uma notícia. Pode separar-se de novo.",
    ],
    other_story: ["The other story, by its link or id", "La otra noticia, por su enlace o id", "L'autre actualité, par son lien ou id", "A outra notícia, pelo link ou id"],
    split: ["Take a copy out of it", "Sacar una copia", "En sortir une copie", "Tirar uma cópia"],
    which_copy: ["Which copy", "Qué copia", "Quelle copie", "Que cópia"],
    gone_hidden: ["hidden by an editor", "ocultada por un editor", "masquée par un éditeur", "ocultada por um editor"],
    gone_withdrawn: ["withdrawn with its source", "retirada con su fuente", "retirée avec sa source", "retirada com a sua fonte"],
    gone_retracted: ["withdrawn by its publisher", "retirada por quien la publicó", "retirée par qui l'a publiée", "retirada por quem a publicou"],
    gone_waiting: ["waits for its original", "espera a su original", "attend son original", "espera pelo original"],
    gone_joined: ["joined to another story", "unida a otra noticia", "réunie à une autre actualité", "junta a outra notícia"],
    gone_pruned: ["kept no longer", "ya no se guarda", "n'est plus gardée", "já não se guarda"],
    gone_erased: ["taken down", "eliminada", "supprimée", "eliminada"],
    done: ["Done", "Hecho", "C'est fait", "Feito"],
    not_done: ["This was not done", "No se hizo", "Cela n'a pas été fait", "Isto não foi feito"],
    go_back: ["Go back to correct the form; what you typed is still there.", "Vuelva atrás para corregir el formulario; lo que escribió sigue ahí.", "Revenez en arrière pour corriger le formulaire\u{202f}; ce que vous avez écrit y est encore.", "Volte atrás para corrigir o formulário; o que escreveu ainda lá está."],
    back_to_story: ["To the story", "A la noticia", "Vers l'actualité", "Para a notícia"],
    enters: ["enters {}", "entra en {}", "entre dans {}", "entra em {}"],
    leaves: ["leaves {}", "sale de {}", "quitte {}", "sai de {}"],
    stands_anew: ["stands in a new place", "está en un lugar nuevo", "se trouve à une nouvelle place", "está num lugar novo"],
    in_no_feed: ["is in no feed", "no está en ningún canal", "n'est dans aucun flux", "não está em nenhum feed"],
    pulled: ["{} new, {} joined, {} revised", "{} nuevas, {} unidas, {} revisadas", "{} nouvelles, {} réunies, {} révisées", "{} novas, {} juntas, {} revistas"],
    released: ["{} entries stand in new places", "{} entradas están en lugares nuevos", "{} entrées se trouvent à de nouvelles places", "{} entradas estão em lugares novos"],
    withdrawn_all: ["{} stories changed, {} of them went", "{} noticias cambiaron, {} de ellas desaparecieron", "{} actualités ont changé, dont {} ont disparu", "{} notícias mudaram, {} delas saíram"],

    // When something is not there
    not_found: ["There is nothing here", "Aquí no hay nada", "Il n'y a rien ici", "Não há nada aqui"],
    not_understood: ["This address is not understood", "No se entiende esta dirección", "Cette adresse n'est pas comprise", "Este endereço não se entende"],
    is_gone: ["This is gone", "Esto ya no está", "Ceci n'est plus là", "Isto já não está aqui"],
    failed: ["This could not be made", "No se pudo preparar", "Ceci n'a pas pu être préparé", "Não foi possível preparar"],
    the_reason: ["The reason, as programs are told it", "El motivo, como se dice a los programas", "La raison, telle qu'elle est dite aux programmes", "O motivo, como é dito aos programas"],
    did_you_mean: ["Did you mean", "¿Quiso decir", "Vouliez-vous dire", "Quis dizer"],
    instead: ["You can go on from here", "Puede seguir desde aquí", "Vous pouvez continuer d'ici", "Pode continuar daqui"],
}

impl Words {
    /// The words of a language; the English ones of a language that we do not speak.
    pub(in crate::serve) fn of(lang: Lang) -> &'static Self {
        let at = Lang::SPOKEN.iter().position(|spoken| *spoken == lang).unwrap_or(0);
        &ALL[at]
    }

    /// How a source stands.
    pub(super) fn standing(&self, standing: Standing) -> &'static str {
        match standing {
            Standing::Gone => self.gone,
            Standing::Broken => self.broken,
            Standing::Blocked => self.blocked,
            Standing::Failing => self.failing,
            Standing::Silent => self.silent,
            Standing::Moved => self.moved,
            Standing::Waiting => self.waiting,
            Standing::Repaired => self.repaired,
            Standing::New => self.new,
            Standing::Fine => self.fine,
            Standing::Off => self.off,
        }
    }

    /// What a fault was.
    pub(super) fn fault(&self, fault: Fault) -> &'static str {
        match fault {
            Fault::Unreachable => self.fault_unreachable,
            Fault::Tls => self.fault_tls,
            Fault::Slow => self.fault_slow,
            Fault::AskedToWait => self.fault_asked_to_wait,
            Fault::Gone => self.fault_gone,
            Fault::Blocked => self.fault_blocked,
            Fault::Missing => self.fault_missing,
            Fault::ServerError => self.fault_server,
            Fault::Misdirected => self.fault_misdirected,
            Fault::Unreadable => self.fault_unreadable,
            Fault::Broken => self.fault_broken,
            Fault::Forbidden => self.fault_forbidden,
            Fault::Internal => self.fault_internal,
            Fault::Other => self.fault_other,
        }
    }

    /// Where evidence stood.
    pub(super) fn field(&self, field: Field) -> &'static str {
        match field {
            Field::Title => self.in_title,
            Field::Summary => self.in_summary,
            Field::Content => self.in_text,
            Field::Category => self.in_categories,
            Field::Source => self.in_source,
        }
    }

    /// What a country is to a story, where it is not its subject.
    pub(super) fn role(&self, role: Role) -> Option<&'static str> {
        match role {
            Role::About => None,
            Role::Mentioned => Some(self.mentioned),
            Role::Venue => Some(self.venue),
            Role::Source => Some(self.of_source),
        }
    }
}

/// A sentence with each `{}` filled in, in order.
pub(super) fn fill(sentence: &str, with: &[&str]) -> String {
    let mut parts = sentence.split("{}");
    let mut told = parts.next().unwrap_or_default().to_owned();
    for (n, part) in parts.enumerate() {
        told.push_str(with.get(n).copied().unwrap_or_default());
        told.push_str(part);
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_there_in_four_languages_and_has_the_same_places() {
        for (name, row) in ROWS {
            let places = row[0].matches("{}").count();
            for told in row {
                assert!(!told.trim().is_empty(), "`{name}` is missing in a language");
                assert_eq!(told.matches("{}").count(), places, "`{name}`: {told}");
            }
        }
    }

    #[test]
    fn no_word_is_left_in_english() {
        // The same word in another language, by chance or by name.
        const SAME: &[&str] = &["sources", "source", "total", "configuration", "one_source", "many_sources"];
        for (name, row) in ROWS.iter().filter(|(name, _)| !SAME.contains(name)) {
            assert!(row[1..].iter().all(|told| *told != row[0]), "`{name}` is English in another language");
        }
    }

    #[test]
    fn a_sentence_is_filled_in_order() {
        assert_eq!(fill("{} of {} in all", &["2", "3"]), "2 of 3 in all");
        assert_eq!(fill("none", &["2"]), "none");
        assert_eq!(fill("{}%", &[]), "%");
    }
}
