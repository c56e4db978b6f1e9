//! JUnit XML: what build servers show. A test case per line of the budget.

use super::Suite;

/// The results as XML, a test suite per run.
pub fn xml(suites: &[Suite]) -> String {
    let counts = |tests: usize, broken: usize| format!("tests=\"{tests}\" failures=\"{broken}\"");
    let all = |f: fn(&Suite) -> usize| suites.iter().map(f).sum::<usize>();
    let total = counts(all(|suite| suite.checks.len()), all(|suite| suite.broken));
    let mut out = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {total}>\n");
    for Suite { name, checks, broken } in suites {
        let name = escaped(name);
        out.push_str(&format!("  <testsuite name=\"{name}\" {}>\n", counts(checks.len(), *broken)));
        for check in checks {
            let case = format!("    <testcase classname=\"{name}\" name=\"{}\"", escaped(&check.line));
            out.push_str(&match &check.broken {
                None => format!("{case}/>\n"),
                Some(why) => {
                    let (found, why) = (escaped(&check.found), escaped(why));
                    format!("{case}>\n      <failure message=\"{found}\">{why}</failure>\n    </testcase>\n")
                }
            });
        }
        out.push_str("  </testsuite>\n");
    }
    out + "</testsuites>\n"
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
