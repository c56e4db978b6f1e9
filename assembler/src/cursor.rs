//! Reading the tokens of one logical line.

use std::rc::Rc;

use crate::source::{Error, Res, Span, error, error_help};
use crate::token::{Punct, Tok, Token};

/// A name with what is needed to look it up and to complain about it.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    pub text: Rc<str>,
    pub span: Span,
    pub scope: u32,
    /// True if it was written in backticks, so that it is no keyword.
    pub quoted: bool,
}

impl Name {
    /// True if the name is this keyword.
    pub fn is_word(&self, word: &str) -> bool {
        !self.quoted && &*self.text == word
    }
}

/// A place in the tokens of a line.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a> {
    tokens: &'a [Token],
    pos: usize,
}

impl<'a> Cursor<'a> {
    pub fn new(tokens: &'a [Token]) -> Self {
        Cursor { tokens, pos: 0 }
    }

    /// A cursor behind the first tokens; what is missing is then reported behind the last of them.
    pub fn after(tokens: &'a [Token], count: usize) -> Self {
        Cursor { tokens, pos: count }
    }

    pub fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.pos)
    }

    pub fn peek_at(&self, ahead: usize) -> Option<&'a Token> {
        self.tokens.get(self.pos + ahead)
    }

    pub fn rest(&self) -> &'a [Token] {
        &self.tokens[self.pos..]
    }

    pub fn next(&mut self) -> Option<&'a Token> {
        let token = self.tokens.get(self.pos)?;
        self.pos += 1;
        Some(token)
    }

    /// Passes over tokens that were read in another way.
    pub fn skip(&mut self, count: usize) {
        self.pos = (self.pos + count).min(self.tokens.len());
    }

    pub fn at_end(&self) -> bool {
        self.pos == self.tokens.len()
    }

    /// The next token's place; at the end, the place behind the last token.
    pub fn span(&self) -> Span {
        match self.peek() {
            Some(token) => token.span,
            None => self.tokens.last().map_or(Span::default(), |last| Span {
                col: last.span.col + last.span.len,
                len: 0,
                ..last.span
            }),
        }
    }

    /// The next token for a message.
    pub fn found(&self) -> String {
        self.peek().map_or_else(|| "the end of the line".to_owned(), Token::describe)
    }

    /// A silent error if the next token is none: that was reported when it was read.
    pub fn sound(&self) -> Res<()> {
        match self.peek().map(|t| &t.tok) {
            Some(Tok::Wrong) => Err(Error::silent(self.span())),
            _ => Ok(()),
        }
    }

    /// An error that says what was expected at the next token.
    pub fn expected<T>(&self, what: &str) -> Res<T> {
        self.sound()?;
        error(self.span(), format!("expected {what}, found {}", self.found()))
    }

    pub fn at(&self, punct: Punct) -> bool {
        self.peek().is_some_and(|t| t.is(punct))
    }

    pub fn eat(&mut self, punct: Punct) -> bool {
        let there = self.at(punct);
        self.pos += usize::from(there);
        there
    }

    pub fn expect(&mut self, punct: Punct) -> Res<()> {
        if self.eat(punct) { Ok(()) } else { self.expected(&format!("`{}`", punct.text())) }
    }

    pub fn at_word(&self, word: &str) -> bool {
        self.peek().and_then(Token::word).is_some_and(|w| &**w == word)
    }

    pub fn eat_word(&mut self, word: &str) -> bool {
        let there = self.at_word(word);
        self.pos += usize::from(there);
        there
    }

    /// A name, quoted or not.
    pub fn name(&mut self, what: &str) -> Res<Name> {
        let Some(token) = self.peek() else { return self.expected(what) };
        let (text, quoted) = match &token.tok {
            Tok::Ident(name) => (name, false),
            Tok::Quoted(name) => (name, true),
            _ => return self.expected(what),
        };
        self.pos += 1;
        Ok(Name { text: text.clone(), span: token.span, scope: token.scope, quoted })
    }

    /// A string's bytes.
    pub fn string(&mut self, what: &str) -> Res<Rc<[u8]>> {
        match self.peek().map(|t| &t.tok) {
            Some(Tok::Str(bytes)) => {
                self.pos += 1;
                Ok(bytes.clone())
            }
            _ => self.expected(what),
        }
    }

    /// A string that is text.
    pub fn text(&mut self, what: &str) -> Res<String> {
        let span = self.span();
        let bytes = self.string(what)?;
        String::from_utf8(bytes.to_vec()).or_else(|_| {
            error_help(span, "this string is not UTF-8", "use \\u{...} instead of \\x.. escapes here")
        })
    }

    /// A string or a name.
    pub fn text_or_name(&mut self, what: &str) -> Res<String> {
        match self.peek().map(|t| &t.tok) {
            Some(Tok::Str(_)) => self.text(what),
            _ => Ok(self.name(what)?.text.to_string()),
        }
    }

    /// An integer as written, without an expression around it.
    pub fn int(&mut self, what: &str) -> Res<u64> {
        match self.peek().map(|t| &t.tok) {
            Some(Tok::Int(value)) => {
                self.pos += 1;
                Ok(*value)
            }
            _ => self.expected(what),
        }
    }

    /// An index as written.
    pub fn index(&mut self, what: &str) -> Res<u32> {
        let span = self.span();
        let value = self.int(what)?;
        u32::try_from(value).or_else(|_| error(span, "this number does not fit 32 bits"))
    }

    /// Nothing but the end of the line.
    pub fn end(&self) -> Res<()> {
        if self.at_end() { Ok(()) } else { self.expected("the end of the line") }
    }

    /// Tokens up to the next comma or closing bracket outside brackets.
    pub fn argument(&mut self) -> Res<&'a [Token]> {
        let start = self.pos;
        let mut depth = 0usize;
        while let Some(token) = self.peek() {
            match token.tok {
                Tok::Punct(Punct::Comma) if depth == 0 => break,
                Tok::Punct(Punct::LParen | Punct::LBracket | Punct::LBrace) => depth += 1,
                Tok::Punct(Punct::RParen | Punct::RBracket | Punct::RBrace) => {
                    let Some(less) = depth.checked_sub(1) else { break };
                    depth = less;
                }
                _ => {}
            }
            self.pos += 1;
        }
        if start == self.pos {
            return self.expected("an argument");
        }
        Ok(&self.tokens[start..self.pos])
    }
}
