//! Days, as they stand in signatures and key rings.

use std::fmt;

/// A day of the calendar, from 0001-01-01 to 9999-12-31.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(u32);

impl Date {
    /// The day of a text `YYYY-MM-DD`; `None` if there is no such day.
    pub fn parse(text: &str) -> Option<Date> {
        let bytes = text.as_bytes();
        if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
            return None;
        }
        let number = |from: usize, to: usize| {
            let digits = &bytes[from..to];
            digits
                .iter()
                .all(u8::is_ascii_digit)
                .then(|| digits.iter().fold(0, |number: u32, digit| number * 10 + u32::from(digit - b'0')))
        };
        Date::from_number(number(0, 4)? * 10_000 + number(5, 7)? * 100 + number(8, 10)?)
    }

    /// The day of a number whose decimal digits are YYYYMMDD; `None` if there is no such day.
    pub fn from_number(number: u32) -> Option<Date> {
        let (year, month, day) = (number / 10_000, number / 100 % 100, number % 100);
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => return None,
        };
        ((1..=9_999).contains(&year) && (1..=days).contains(&day)).then_some(Date(number))
    }

    /// The number whose decimal digits are YYYYMMDD.
    pub fn number(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0 / 10_000, self.0 / 100 % 100, self.0 % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_the_calendar_are_read_and_written_the_same_and_nothing_else_is_read() {
        for text in ["2026-11-21", "2024-02-29", "2000-02-29", "0001-01-01", "9999-12-31"] {
            assert_eq!(Date::parse(text).expect(text).to_string(), text);
        }
        let none = ["2023-02-29", "1900-02-29", "2026-13-01", "2026-00-10", "2026-04-31", "2026-04-00"];
        let odd = ["0000-01-01", "2026-1-01", "2026/11/21", "+026-11-21", "2026-11-21 ", "", "２026-11-2"];
        none.iter().chain(&odd).for_each(|text| assert_eq!(Date::parse(text), None, "{text}"));
        assert!(Date::parse("2026-11-30") < Date::parse("2026-12-01"));
    }
}
