//! JUnit XML: what build servers show. A test case per line of the budget.

use super::budget::Check;

/// The result as XML.
pub fn xml(name: &str, checks: &[Check]) -> String {
    let broken = checks.iter().filter(|check| check.broken.is_some()).count();
    let counts = format!("tests=\"{}\" failures=\"{broken}\"", checks.len());
    let suite = escaped(name);
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {counts}>\n  <testsuite name=\"{suite}\" {counts}>\n"
    );
    for check in checks {
        let case = format!("    <testcase classname=\"{suite}\" name=\"{}\"", escaped(&check.line));
        out.push_str(&match &check.broken {
            None => format!("{case}/>\n"),
            Some(why) => {
                let (found, why) = (escaped(&check.found), escaped(why));
                format!("{case}>\n      <failure message=\"{found}\">{why}</failure>\n    </testcase>\n")
            }
        });
    }
    out + "  </testsuite>\n</testsuites>\n"
}

/// Text for XML: what has a meaning there is written otherwise, what cannot stand there is left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}
