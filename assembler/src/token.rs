//! Source text to tokens, a logical line at a time.

use std::rc::Rc;

use crate::source::{Error, Sources, Span};

/// A piece of source text.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub tok: Tok,
    pub span: Span,
    /// 0, or the expansion that a macro's own label or local belongs to.
    pub scope: u32,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Tok {
    /// A name, keyword or mnemonic; dots belong to it.
    Ident(Rc<str>),
    /// A name in backticks: never a keyword.
    Quoted(Rc<str>),
    /// `.name` without the dot.
    Directive(Rc<str>),
    /// `$name` with what is glued to it (`$name.x`).
    Param(Rc<str>, Option<Rc<str>>),
    Int(u64),
    /// A float as written, without `_`.
    Float(Rc<str>),
    /// A string; `\x` escapes make bytes that need not be UTF-8.
    Str(Rc<[u8]>),
    Char(u32),
    Punct(Punct),
    /// Text that is no token; its error is already reported.
    Wrong,
}

macro_rules! puncts {
    ($($variant:ident $text:literal)*) => {
        /// Punctuation; longer texts stand before their prefixes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Punct { $($variant),* }

        const PUNCTS: &[(Punct, &str)] = &[$((Punct::$variant, $text)),*];
    };
}

puncts! {
    Arrow "->" Shl "<<" Shr ">>" EqEq "==" NotEq "!=" Le "<=" Ge ">=" AndAnd "&&" OrOr "||"
    LParen "(" RParen ")" LBracket "[" RBracket "]" LBrace "{" RBrace "}"
    Comma "," Colon ":" Eq "=" Plus "+" Minus "-" Star "*" Slash "/" Percent "%"
    And "&" Or "|" Caret "^" Tilde "~" Not "!" Lt "<" Gt ">" At "@"
}

impl Punct {
    pub fn text(self) -> &'static str {
        PUNCTS.iter().find(|(p, _)| *p == self).expect("every variant is in the list").1
    }
}

impl Token {
    /// The token for an error message.
    pub fn describe(&self) -> String {
        match &self.tok {
            Tok::Ident(name) => format!("`{name}`"),
            Tok::Quoted(name) => format!("`{}`", name.escape_debug()),
            Tok::Directive(name) => format!("`.{name}`"),
            Tok::Param(name, _) => format!("`${name}`"),
            Tok::Int(_) | Tok::Float(_) => "a number".to_owned(),
            Tok::Str(_) => "a string".to_owned(),
            Tok::Char(_) => "a character".to_owned(),
            Tok::Punct(p) => format!("`{}`", p.text()),
            Tok::Wrong => "something else".to_owned(),
        }
    }

    pub fn is(&self, punct: Punct) -> bool {
        self.tok == Tok::Punct(punct)
    }

    /// The name if the token is an unquoted one.
    pub fn word(&self) -> Option<&Rc<str>> {
        match &self.tok {
            Tok::Ident(name) => Some(name),
            _ => None,
        }
    }

    pub fn directive(&self) -> Option<&str> {
        match &self.tok {
            Tok::Directive(name) => Some(name),
            _ => None,
        }
    }
}

/// Tokens of a logical line; never empty.
pub(crate) type Line = Vec<Token>;

/// The logical lines of a file. A line goes on behind a comma, an opening bracket or `=`, and in front of a
/// closing bracket. Errors go to `sources`.
pub(crate) fn lines(sources: &mut Sources, file: u32, bytes: &[u8]) -> Vec<Line> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(e) => {
            let valid = std::str::from_utf8(&bytes[..e.valid_up_to()]).expect("checked");
            let line = valid.matches('\n').count() as u32 + 1;
            let col = valid.rsplit('\n').next().unwrap_or("").chars().count() as u32 + 1;
            let span = Span { file, line, col, len: 1, origin: 0 };
            sources.report(*Error::new(span, "the source text is not UTF-8", None));
            return Vec::new();
        }
    };
    let mut out: Vec<Line> = Vec::new();
    let mut open = false;
    for (index, line) in text.split('\n').enumerate() {
        let line = line.strip_suffix('\r').unwrap_or(line);
        let mut lexer = Lexer { text: line, pos: 0, col: 1, file, line: index as u32 + 1 };
        let tokens = lexer.tokens(sources);
        let Some(first) = tokens.first() else { continue };
        let joined = !out.is_empty() && (open || closes(first));
        open = tokens.last().is_some_and(continues);
        if joined {
            out.last_mut().expect("not empty").extend(tokens);
        } else {
            out.push(tokens);
        }
        if sources.is_full() {
            break;
        }
    }
    out
}

fn continues(token: &Token) -> bool {
    use Punct::*;
    [Comma, LParen, LBracket, LBrace, Eq].into_iter().any(|p| token.is(p))
}

fn closes(token: &Token) -> bool {
    [Punct::RParen, Punct::RBracket, Punct::RBrace].into_iter().any(|p| token.is(p))
}

/// Characters that a name can begin with.
pub(crate) fn starts_name(ch: char) -> bool {
    ch.is_ascii_alphabetic() || ch == '_'
}

/// Characters that a name can go on with.
pub(crate) fn continues_name(ch: char) -> bool {
    ch.is_ascii_alphanumeric() || ch == '_'
}

struct Lexer<'a> {
    text: &'a str,
    pos: usize,
    col: u32,
    file: u32,
    line: u32,
}

impl Lexer<'_> {
    fn tokens(&mut self, sources: &mut Sources) -> Line {
        let mut out = Vec::new();
        while let Some(ch) = self.peek() {
            let (start, col) = (self.pos, self.col);
            if ch == ';' {
                break;
            }
            if ch.is_whitespace() || (ch == '\u{feff}' && self.line == 1 && start == 0) {
                self.bump();
                continue;
            }
            match self.token(ch) {
                Ok(tok) => {
                    let span = self.span(col);
                    out.push(Token { tok, span, scope: 0 });
                }
                Err((message, help)) => {
                    if self.pos == start {
                        self.bump();
                    }
                    let span = self.span(col);
                    sources.report(*Error::new(span, message, help));
                    out.push(Token { tok: Tok::Wrong, span, scope: 0 });
                }
            }
        }
        out
    }

    fn span(&self, col: u32) -> Span {
        Span { file: self.file, line: self.line, col, len: self.col - col, origin: 0 }
    }

    fn rest(&self) -> &str {
        &self.text[self.pos..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn second(&self) -> Option<char> {
        self.rest().chars().nth(1)
    }

    fn bump(&mut self) -> Option<char> {
        let ch = self.peek()?;
        self.pos += ch.len_utf8();
        self.col += 1;
        Some(ch)
    }

    fn take_while(&mut self, accept: impl Fn(char) -> bool) -> &str {
        let start = self.pos;
        while self.peek().is_some_and(&accept) {
            self.bump();
        }
        &self.text[start..self.pos]
    }

    fn token(&mut self, ch: char) -> Result<Tok, (String, Option<String>)> {
        if starts_name(ch) {
            return Ok(Tok::Ident(self.dotted_name()));
        }
        if ch.is_ascii_digit() {
            return self.number();
        }
        match ch {
            '.' if self.second().is_some_and(starts_name) => {
                self.bump();
                Ok(Tok::Directive(self.dotted_name()))
            }
            '$' if self.second().is_some_and(starts_name) => {
                self.bump();
                let name = self.take_while(continues_name).into();
                let glued = self.peek() == Some('.') && self.second().is_some_and(starts_name);
                let suffix = glued.then(|| {
                    self.bump();
                    self.dotted_name()
                });
                Ok(Tok::Param(name, suffix))
            }
            '"' => Ok(Tok::Str(self.quoted('"')?.into())),
            '`' => {
                let bytes = self.quoted('`')?;
                let name =
                    String::from_utf8(bytes).map_err(|_| ("this name is not UTF-8".to_owned(), None))?;
                Ok(Tok::Quoted(name.into()))
            }
            '\'' => self.character(),
            _ => {
                let Some((punct, text)) = PUNCTS.iter().find(|(_, text)| self.rest().starts_with(text))
                else {
                    return Err((format!("unexpected character `{}`", ch.escape_debug()), char_help(ch)));
                };
                for _ in 0..text.len() {
                    self.bump();
                }
                Ok(Tok::Punct(*punct))
            }
        }
    }

    /// A name with dots in it; a dot at its end is left alone.
    fn dotted_name(&mut self) -> Rc<str> {
        let start = self.pos;
        self.take_while(continues_name);
        while self.peek() == Some('.') && self.second().is_some_and(continues_name) {
            self.bump();
            self.take_while(continues_name);
        }
        self.text[start..self.pos].into()
    }

    fn number(&mut self) -> Result<Tok, (String, Option<String>)> {
        let start = self.pos;
        let radix = match self.rest().get(..2) {
            Some("0x" | "0X") => 16,
            Some("0b" | "0B") => 2,
            Some("0o" | "0O") => 8,
            _ => 10,
        };
        if radix == 10 {
            self.take_while(|c| c.is_ascii_digit() || c == '_');
            let mut float = false;
            if self.peek() == Some('.') && self.second().is_some_and(|c| c.is_ascii_digit()) {
                float = true;
                self.bump();
                self.take_while(|c| c.is_ascii_digit() || c == '_');
            }
            let exponent =
                self.rest().strip_prefix(['e', 'E']).map(|r| r.strip_prefix(['+', '-']).unwrap_or(r));
            if exponent.is_some_and(|r| r.starts_with(|c: char| c.is_ascii_digit())) {
                float = true;
                self.bump();
                self.bump();
                self.take_while(|c| c.is_ascii_digit() || c == '_');
            }
            if float && !self.peek().is_some_and(continues_name) {
                let text: String = self.text[start..self.pos].chars().filter(|c| *c != '_').collect();
                return Ok(Tok::Float(text.into()));
            }
        } else {
            self.bump();
            self.bump();
        }
        let digits_start = if radix == 10 { start } else { self.pos };
        self.take_while(continues_name);
        let digits: String = self.text[digits_start..self.pos].chars().filter(|c| *c != '_').collect();
        let valid = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
        if !valid {
            let what = match radix {
                16 => "hexadecimal number",
                8 => "octal number",
                2 => "binary number",
                _ => "number",
            };
            return Err((format!("`{}` is not a {what}", &self.text[start..self.pos]), None));
        }
        u64::from_str_radix(&digits, radix)
            .map(Tok::Int)
            .map_err(|_| ("this number does not fit 64 bits".to_owned(), None))
    }

    fn character(&mut self) -> Result<Tok, (String, Option<String>)> {
        self.bump();
        let value = match self.peek() {
            Some('\\') => match self.escape()? {
                Escape::Byte(b) => b.into(),
                Escape::Char(c) => c.into(),
            },
            Some('\'') | None => {
                self.bump();
                return Err(("a character is missing between the quotes".to_owned(), None));
            }
            Some(ch) => {
                self.bump();
                ch.into()
            }
        };
        if self.peek() != Some('\'') {
            let help = "strings are written with double quotes, names with backticks".to_owned();
            return Err(("`'` is missing behind the character".to_owned(), Some(help)));
        }
        self.bump();
        Ok(Tok::Char(value))
    }

    fn quoted(&mut self, quote: char) -> Result<Vec<u8>, (String, Option<String>)> {
        self.bump();
        let mut out = Vec::new();
        let mut bad = None;
        loop {
            match self.peek() {
                None => return Err((format!("`{quote}` is missing at the end"), None)),
                Some('\\') => match self.escape() {
                    Ok(Escape::Byte(b)) => out.push(b),
                    Ok(Escape::Char(c)) => push_char(&mut out, c),
                    Err(e) => bad = Some(e),
                },
                Some(ch) => {
                    self.bump();
                    if ch == quote {
                        break;
                    }
                    push_char(&mut out, ch);
                }
            }
        }
        bad.map_or(Ok(out), Err)
    }

    fn escape(&mut self) -> Result<Escape, (String, Option<String>)> {
        self.bump();
        let unknown = |what: String| {
            let help = "escapes are \\n \\r \\t \\0 \\\\ \\\" \\' \\` \\xHH and \\u{HEX}".to_owned();
            Err((what, Some(help)))
        };
        let Some(ch) = self.bump() else { return unknown("an escape is cut off".to_owned()) };
        Ok(match ch {
            'n' => Escape::Byte(b'\n'),
            'r' => Escape::Byte(b'\r'),
            't' => Escape::Byte(b'\t'),
            '0' => Escape::Byte(0),
            '\\' | '"' | '\'' | '`' => Escape::Byte(ch as u8),
            'x' => {
                let digits = self.rest().get(..2).and_then(|d| u8::from_str_radix(d, 16).ok());
                let plain = self.rest().bytes().take(2).all(|b| b.is_ascii_hexdigit());
                let Some(byte) = digits.filter(|_| plain) else {
                    return unknown("two hexadecimal digits are missing behind `\\x`".to_owned());
                };
                self.bump();
                self.bump();
                Escape::Byte(byte)
            }
            'u' => {
                let inner = self.rest().strip_prefix('{').and_then(|r| r.split_once('}')).map(|(d, _)| d);
                let plain = inner.filter(|d| d.len() <= 6 && d.bytes().all(|b| b.is_ascii_hexdigit()));
                let value = plain.and_then(|d| u32::from_str_radix(d, 16).ok()).and_then(char::from_u32);
                let Some(value) = value else {
                    return unknown("`\\u` needs a character's number in braces, as in \\u{2764}".to_owned());
                };
                while self.bump() != Some('}') {}
                Escape::Char(value)
            }
            _ => return unknown(format!("unknown escape `\\{}`", ch.escape_debug())),
        })
    }
}

enum Escape {
    Byte(u8),
    Char(char),
}

fn push_char(out: &mut Vec<u8>, ch: char) {
    out.extend_from_slice(ch.encode_utf8(&mut [0; 4]).as_bytes());
}

fn char_help(ch: char) -> Option<String> {
    match ch {
        '#' => Some("comments begin with `;`".to_owned()),
        c if !c.is_ascii() => Some("names with other than ASCII letters are written in backticks".to_owned()),
        _ => None,
    }
}
