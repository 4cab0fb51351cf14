//! Whether a reply is the one that was written.
//!
//! Lines are compared as text. Where the text differs a written line may still be a pattern: `A..B` stands for a whole number
//! from A to B, `<words>` for any text within a line, a line `...` for any number of lines. `(in any order)` compares the
//! elements as a bag. Blanks at the end of a line do not count: editors remove them, and Redis' errors have some.

use super::Expected;

impl Expected {
    /// Whether `got` is this reply.
    pub fn matches(&self, got: &[String]) -> bool {
        if self.lines == ["(no reply)"] || got == ["(no reply)"] {
            return self.lines == got;
        }
        if self.any_order {
            return bag(&self.lines, got);
        }
        lines(&self.lines, got)
    }

    /// The reply as a reader is to see it: what may differ stands there as an ellipsis, a range with a dash.
    pub fn shown(&self) -> String {
        let shown = |line: &String| {
            if line.trim() == "..." {
                return "…".to_owned();
            }
            if let Some((start, end)) = placeholder(line) {
                return format!("{}…{}", &line[..start], &line[end..]);
            }
            match range(line) {
                Some(found) => {
                    format!("{}{}–{}{}", &line[..found.start], found.low, found.high, &line[found.end..])
                }
                None => line.clone(),
            }
        };
        self.lines.iter().map(shown).collect::<Vec<_>>().join("\n")
    }
}

fn lines(wanted: &[String], got: &[String]) -> bool {
    let Some((first, rest)) = wanted.split_first() else { return got.is_empty() };
    if first.trim() == "..." {
        return (0..=got.len()).any(|skipped| lines(rest, &got[skipped..]));
    }
    match got.split_first() {
        Some((line, got)) => text(first, line) && lines(rest, got),
        None => false,
    }
}

/// Whether one line is as written.
pub(super) fn text(wanted: &str, got: &str) -> bool {
    let (wanted, got) = (wanted.trim_end(), got.trim_end());
    wanted == got || pattern(wanted, got)
}

fn pattern(wanted: &str, got: &str) -> bool {
    let placeholder = placeholder(wanted);
    let range = range(wanted);
    match (placeholder, range) {
        (Some((start, end)), found) if found.as_ref().is_none_or(|found| start < found.start) => {
            let (before, after) = (&wanted[..start], &wanted[end..]);
            let Some(rest) = got.strip_prefix(before) else { return false };
            // One or more characters, then what stands behind the placeholder.
            rest.char_indices()
                .skip(1)
                .map(|(at, _)| at)
                .chain([rest.len()])
                .any(|at| at > 0 && text(after, &rest[at..]))
        }
        (_, Some(found)) => {
            let Some(rest) = got.strip_prefix(&wanted[..found.start]) else { return false };
            let digits = rest
                .bytes()
                .enumerate()
                .take_while(|&(at, byte)| byte.is_ascii_digit() || (at == 0 && byte == b'-'))
                .count();
            let inside = rest[..digits].parse().is_ok_and(|number: i64| (found.low..=found.high).contains(&number));
            inside && text(&wanted[found.end..], &rest[digits..])
        }
        _ => false,
    }
}

/// Where the first `<words>` of a line stands.
fn placeholder(line: &str) -> Option<(usize, usize)> {
    let mut from = 0;
    while let Some(start) = line[from..].find('<').map(|at| at + from) {
        let inside = &line[start + 1..];
        if let Some(len) = inside.find('>')
            && len > 0
            && inside[..len].bytes().all(|byte| byte.is_ascii_lowercase() || byte == b' ' || byte == b'-')
        {
            return Some((start, start + len + 2));
        }
        from = start + 1;
    }
    None
}

struct Range {
    start: usize,
    end: usize,
    low: i64,
    high: i64,
}

/// The first `A..B` of a line.
fn range(line: &str) -> Option<Range> {
    let dots = line.find("..")?;
    let low_start = dots - line[..dots].bytes().rev().take_while(u8::is_ascii_digit).count();
    let low_start = if line[..low_start].ends_with('-') { low_start - 1 } else { low_start };
    let after = &line[dots + 2..];
    let high_len =
        after.bytes().enumerate().take_while(|&(at, byte)| byte.is_ascii_digit() || (at == 0 && byte == b'-')).count();
    Some(Range {
        start: low_start,
        end: dots + 2 + high_len,
        low: line[low_start..dots].parse().ok()?,
        high: after[..high_len].parse().ok()?,
    })
}

/// The bounds of a line that is a range of integers, for whoever explains it in words.
pub fn integer_range(line: &str) -> Option<(i64, i64)> {
    let line = line.strip_prefix("(integer) ")?;
    range(line).filter(|range| range.start == 0 && range.end == line.len()).map(|range| (range.low, range.high))
}

fn bag(wanted: &[String], got: &[String]) -> bool {
    let wanted = leaves(wanted);
    let mut got = leaves(got);
    if wanted.len() != got.len() {
        return false;
    }
    // Equal texts first, so that a pattern does not take what another line needs.
    let mut open = Vec::new();
    for leaf in wanted {
        match got.iter().position(|other| *other == leaf) {
            Some(at) => {
                got.swap_remove(at);
            }
            None => open.push(leaf),
        }
    }
    open.into_iter().all(|leaf| {
        let at = got.iter().position(|other| text(&leaf, other));
        at.map(|at| got.swap_remove(at)).is_some()
    })
}

/// The elements of a reply without their places.
fn leaves(lines: &[String]) -> Vec<String> {
    if let [line] = lines
        && line.contains('[')
    {
        return notation_leaves(line);
    }
    lines.iter().map(|line| without_index(line).to_owned()).collect()
}

/// Takes `1) 2) ` away from the beginning of a line.
fn without_index(line: &str) -> &str {
    let mut rest = line.trim();
    loop {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        match &rest.as_bytes()[digits..] {
            [b')' | b'~' | b'#', b' ', ..] if digits > 0 => rest = rest[digits + 2..].trim_start(),
            _ => return rest,
        }
    }
}

/// Splits type notation at brackets and commas outside of quotes.
fn notation_leaves(line: &str) -> Vec<String> {
    let mut leaves = vec![String::new()];
    let mut quoted = false;
    let mut escaped = false;
    for c in line.chars() {
        if !quoted && matches!(c, '[' | ']' | ',' | '{' | '}') {
            leaves.push(String::new());
            continue;
        }
        if c == '"' && !escaped {
            quoted = !quoted;
        }
        escaped = quoted && c == '\\' && !escaped;
        if let Some(leaf) = leaves.last_mut() {
            leaf.push(c);
        }
    }
    leaves.iter().map(|leaf| leaf.trim().to_owned()).filter(|leaf| !leaf.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(wanted: &str, got: &str) -> bool {
        let any_order = wanted.ends_with("(in any order)");
        let wanted = wanted.trim_end_matches("(in any order)");
        let expected = Expected { lines: wanted.lines().map(str::to_owned).collect(), any_order };
        expected.matches(&got.lines().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn equal_text_matches_and_other_text_does_not() {
        assert!(matches("OK", "OK"));
        assert!(matches(
            "(error) ERR unknown command 'X', with args beginning with: 'a'",
            "(error) ERR unknown command 'X', with args beginning with: 'a' "
        ));
        assert!(!matches("OK", "(nil)"));
        assert!(!matches("1) \"a\"\n2) \"b\"", "1) \"a\""));
    }

    #[test]
    fn ranges_hold_their_ends() {
        assert!(matches("(integer) 3590..3600", "(integer) 3590"));
        assert!(matches("(integer) 3590..3600", "(integer) 3600"));
        assert!(!matches("(integer) 3590..3600", "(integer) 3601"));
        assert!(!matches("(integer) 3590..3600", "(integer) -1"));
        assert!(matches("(integer) -2..0", "(integer) -1"));
        assert!(matches("[:1, :90..100]", "[:1, :97]"));
        assert_eq!(integer_range("(integer) 1..97"), Some((1, 97)));
        assert_eq!(integer_range("(integer) 1"), None);
    }

    #[test]
    fn any_text_can_be_compared() {
        for wanted in [
            "é1..2",
            "..",
            "1..",
            "..é",
            "<é>",
            "<a",
            "<a>é",
            "é<a>",
            "(integer) 1..99999999999999999999",
            "1) é",
            "1)é",
            "...",
        ] {
            for got in ["", "é", "é2", "1", "é1..2", "1) é", "[\"é"] {
                matches(wanted, got);
                matches(&format!("{wanted}\n(in any order)"), got);
            }
        }
        assert!(matches("é1..3", "é2"));
    }

    #[test]
    fn placeholders_stand_for_some_text() {
        assert!(matches("\"<id>\"", "\"1-0\""));
        assert!(!matches("\"<id>\"", "\"\""));
        assert!(matches("redis_version:8.<patch>", "redis_version:8.6.3\r"));
        assert!(matches("id=<id> age=0..2 name=<name>", "id=7 age=1 name=x y"));
        assert!(matches("\"<h1>Tea</h1>\"", "\"<h1>Tea</h1>\""));
        assert!(!matches("\"<h1>Tea</h1>\"", "\"Tea\""));
    }

    #[test]
    fn three_dots_stand_for_any_lines() {
        assert!(matches("a\n...", "a\nb\nc"));
        assert!(matches("...\nb\n...", "a\nb"));
        assert!(!matches("...\nz\n...", "a\nb"));
    }

    #[test]
    fn any_order_compares_bags() {
        assert!(matches("1) \"a\"\n2) \"b\"\n(in any order)", "1) \"b\"\n2) \"a\""));
        assert!(!matches("1) \"a\"\n2) \"a\"\n(in any order)", "1) \"b\"\n2) \"a\""));
        assert!(matches("1) \"0\"\n2) 1) \"x\"\n   2) \"y\"\n(in any order)", "1) \"0\"\n2) 1) \"y\"\n   2) \"x\""));
        assert!(matches("[\"0\", [\"a, b\", :1..3]](in any order)", "[\"0\", [:2, \"a, b\"]]"));
    }
}
