//! A page with everything in it: no other file, no network.

use super::source::Taken;

const PAGE: &str = include_str!("page.html");

/// The page of a profile.
pub fn page(taken: &Taken) -> String {
    let url = |png: &[u8]| format!("data:image/png;base64,{}", base64(png));
    let pictures: Vec<_> = taken.pictures.iter().map(|(of, frame, png)| (of, frame, url(png))).collect();
    let profile = &taken.profile;
    let labels: Vec<String> = (0..profile.modules.len()).map(|place| profile.label(place)).collect();
    let data = serde_json::json!({
        "name": taken.name, "labels": labels, "profile": profile, "pictures": pictures,
    });
    // `</script>` in a name must not end the script.
    let data = data.to_string().replace('<', "\\u003c");
    PAGE.replacen("{{title}}", &escaped(&taken.name), 1).replacen("{{data}}", &data, 1)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// Base64 (RFC 4648).
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group =
            chunk.iter().fold(0u32, |group, &byte| group << 8 | u32::from(byte)) << (8 * (3 - chunk.len()));
        for i in 0..4 {
            let digit = DIGITS[(group >> (18 - 6 * i) & 63) as usize];
            out.push(if i <= chunk.len() { digit.into() } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn base64_is_that_of_the_standard() {
        let cases = [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")];
        for (text, expected) in cases {
            assert_eq!(base64(text.as_bytes()), expected);
        }
    }
}
