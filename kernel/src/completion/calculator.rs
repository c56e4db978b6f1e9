//! Arithmetic on text: `2*(3+4.5)` completes to `2*(3+4.5)=15`.
//!
//! Numbers are decimals with at most 12 digits behind the point and are exact; what a product or a quotient has behind the
//! 12th is rounded to the nearest, a half to the even digit. `%` is the remainder that has the sign of the left side.
//! Anything beyond the range of 128 bits, a division by zero and what is no arithmetic have no completion.

/// Digits behind the point.
const PLACES: usize = 12;
const ONE: i128 = 1_000_000_000_000;
/// Most brackets and signs around a number.
const MAX_NESTING: usize = 64;

/// What follows the request: the sign `=`, if it does not end in one, and the result.
pub(super) fn complete(text: &[u8]) -> Option<Vec<u8>> {
    let (text, sign) = match text.split_last() {
        Some((b'=', rest)) => (rest, ""),
        _ => (text, "="),
    };
    let mut reader = Reader { rest: text, nesting: 0 };
    let value = reader.sum()?;
    reader.skip_spaces();
    reader.rest.is_empty().then(|| format!("{sign}{}", written(value)).into_bytes())
}

struct Reader<'t> {
    rest: &'t [u8],
    nesting: usize,
}

impl Reader<'_> {
    fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_ascii_start();
    }

    /// Takes one of these characters, if it is next.
    fn eat(&mut self, any: &[u8]) -> Option<u8> {
        self.skip_spaces();
        let (&first, rest) = self.rest.split_first().filter(|(first, _)| any.contains(first))?;
        self.rest = rest;
        Some(first)
    }

    fn sum(&mut self) -> Option<i128> {
        let mut value = self.product()?;
        while let Some(sign) = self.eat(b"+-") {
            let right = self.product()?;
            value = if sign == b'+' { value.checked_add(right)? } else { value.checked_sub(right)? };
        }
        Some(value)
    }

    fn product(&mut self) -> Option<i128> {
        let mut value = self.signed()?;
        while let Some(sign) = self.eat(b"*/%") {
            let right = self.signed()?;
            value = match sign {
                b'*' => divided(value.checked_mul(right)?, ONE)?,
                b'/' => divided(value.checked_mul(ONE)?, right)?,
                _ => value.checked_rem(right)?,
            };
        }
        Some(value)
    }

    fn signed(&mut self) -> Option<i128> {
        self.nesting += 1;
        if self.nesting > MAX_NESTING {
            return None;
        }
        let value = if self.eat(b"-").is_some() {
            self.signed()?.checked_neg()
        } else if self.eat(b"(").is_some() {
            let value = self.sum()?;
            self.eat(b")").map(|_| value)
        } else {
            self.number()
        };
        self.nesting -= 1;
        value
    }

    fn number(&mut self) -> Option<i128> {
        self.skip_spaces();
        let (whole, count) = self.digits(0)?;
        let point = self.rest.first() == Some(&b'.');
        if point {
            self.rest = &self.rest[1..];
        }
        let (value, places) = if point { self.digits(whole)? } else { (whole, 0) };
        if count == 0 || (point && places == 0) || places > PLACES {
            return None;
        }
        (places..PLACES).try_fold(value, |value, _| value.checked_mul(10))
    }

    /// Appends digits to a number; the number and how many they were.
    fn digits(&mut self, mut value: i128) -> Option<(i128, usize)> {
        let mut count = 0;
        while let Some((&digit @ b'0'..=b'9', rest)) = self.rest.split_first() {
            value = value.checked_mul(10)?.checked_add((digit - b'0').into())?;
            (self.rest, count) = (rest, count + 1);
        }
        Some((value, count))
    }
}

/// A quotient, rounded to the nearest, a half to the even one.
fn divided(value: i128, by: i128) -> Option<i128> {
    let (quotient, rest) = (value.checked_div(by)?, value.checked_rem(by)?);
    let (double, by_size) = (rest.unsigned_abs().checked_mul(2)?, by.unsigned_abs());
    let away = double > by_size || (double == by_size && quotient % 2 != 0);
    let step = if (value < 0) == (by < 0) { 1 } else { -1 };
    if away { quotient.checked_add(step) } else { Some(quotient) }
}

fn written(value: i128) -> String {
    let (whole, rest) = (value.unsigned_abs() / ONE as u128, value.unsigned_abs() % ONE as u128);
    let sign = if value < 0 { "-" } else { "" };
    if rest == 0 {
        return format!("{sign}{whole}");
    }
    format!("{sign}{whole}.{}", format!("{rest:0PLACES$}").trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic() {
        let cases = [
            ("1+2", "=3"),
            ("1+2=", "3"),
            (" 2 * ( 3 + 4.5 ) ", "=15"),
            ("1/3", "=0.333333333333"),
            ("2/3", "=0.666666666667"),
            ("-2/3", "=-0.666666666667"),
            ("1/8000000000000", "=0"),
            ("3/2000000000000", "=0.000000000002"),
            ("1/2000000000000", "=0"),
            ("0.1+0.2", "=0.3"),
            ("7%3", "=1"),
            ("-7%3", "=-1"),
            ("5.5%2", "=1.5"),
            ("--2-3-4", "=-5"),
            ("2-3*4", "=-10"),
            ("100/10/5", "=2"),
            ("0.000000000001", "=0.000000000001"),
        ];
        for (text, expected) in cases {
            assert_eq!(complete(text.as_bytes()).as_deref(), Some(expected.as_bytes()), "{text}");
        }
        let deep = format!("{}1{}", "(".repeat(65), ")".repeat(65));
        let huge = "9".repeat(40);
        let wrong = [
            "",
            "1+",
            "1/0",
            "1%0",
            "(1",
            "1)",
            "1 2",
            "x",
            "1.",
            ".5",
            "1.0000000000001",
            "=",
            &deep,
            &huge,
        ];
        for text in wrong.into_iter().chain(["99999999999999*99999999999999"]) {
            assert_eq!(complete(text.as_bytes()), None, "{text}");
        }
        // Deep as it may be, and long.
        assert_eq!(complete("-".repeat(63).as_bytes()), None);
        assert_eq!(complete(format!("{}1", "1+".repeat(2_000)).as_bytes()), Some(b"=2001".to_vec()));
    }
}
