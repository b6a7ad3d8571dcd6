//! Whether markup that was made safe reads back as it stands.
//!
//! Elements that are taken away leave what they held: a list item within what held it, a paragraph within a
//! paragraph. Whoever parses that anew ends the outer one first (WHATWG HTML §13.2.6.4.7), so that it has to be
//! parsed again until it is at rest. Most markup is from the start, and to see that costs less than to parse.

use crate::text;

/// Elements that end a paragraph that is open.
const BLOCKS: [&str; 16] =
    ["blockquote", "dd", "dl", "dt", "figcaption", "figure", "h2", "h3", "h4", "h5", "h6", "hr", "ol", "p", "pre", "ul"];

/// Whether nothing in it is nested as no parser leaves it. Tables are never taken for settled. It may say no of markup that is.
pub(super) fn is_settled(markup: &str) -> bool {
    let mut open: Vec<&str> = Vec::new();
    for at in text::places(markup, b'<') {
        let rest = &markup[at + 1..];
        let (closes, rest) = rest.strip_prefix('/').map_or((false, rest), |rest| (true, rest));
        let name = &rest[..rest.bytes().take_while(u8::is_ascii_alphanumeric).count()];
        if closes {
            open.truncate(open.iter().rposition(|known| *known == name).unwrap_or(open.len()));
            continue;
        }
        let is_within = |names: &[&str], fence: &[&str]| {
            let inside = open.iter().rev().take_while(|known| !fence.contains(known));
            inside.into_iter().any(|known| names.contains(known))
        };
        let is_amiss = match name {
            "table" => true,
            "a" => is_within(&["a"], &[]),
            "li" => is_within(&["li", "p"], &["ul", "ol"]),
            "dd" | "dt" => is_within(&["dd", "dt", "p"], &["dl"]),
            "h2" | "h3" | "h4" | "h5" | "h6" => is_within(&["h2", "h3", "h4", "h5", "h6", "p"], &[]),
            _ => BLOCKS.contains(&name) && is_within(&["p"], &[]),
        };
        if is_amiss {
            return false;
        }
        if !matches!(name, "br" | "hr" | "img") {
            open.push(name);
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::is_settled;

    #[test]
    fn what_a_parser_would_move_is_not_settled() {
        for settled in
            ["", "x<br>y", "<p>a</p><p>b <a>c</a></p>", "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>", "<dl><dt>a</dt><dd>b</dd></dl>"]
        {
            assert!(is_settled(settled), "{settled}");
        }
        for moved in
            ["<p>a<p>b</p></p>", "<li>a<li>b</li></li>", "<dd>a<span><dt>b</dt></span></dd>", "<a>x<b><a>y</a></b></a>", "<table></table>"]
        {
            assert!(!is_settled(moved), "{moved}");
        }
    }
}
