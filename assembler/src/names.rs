//! Names of the things that instructions refer to by index.

use std::collections::BTreeMap;
use std::rc::Rc;

use cartwheel_bytecode::operand::Space;

use crate::cursor::{Cursor, Name};
use crate::source::{Error, Res, Span, error};
use crate::suggest::did_you_mean;
use crate::token::Punct;

/// A thing as written: by name, or by number as `@3`.
#[derive(Clone, Debug)]
pub(crate) enum Ref {
    Name(Name),
    Index(u32, Span),
}

impl Ref {
    pub fn parse(cur: &mut Cursor<'_>, what: &str) -> Res<Ref> {
        let span = cur.span();
        if cur.eat(Punct::At) {
            return Ok(Ref::Index(cur.index("a number")?, span));
        }
        cur.name(what).map(Ref::Name)
    }

    pub fn span(&self) -> Span {
        match self {
            Ref::Name(name) => name.span,
            Ref::Index(_, span) => *span,
        }
    }
}

/// The names of one space.
pub(crate) struct Names {
    what: &'static str,
    map: BTreeMap<Rc<str>, u32>,
    len: u32,
}

/// What a thing of a space is called.
pub(crate) fn space_name(space: Space) -> &'static str {
    match space {
        Space::Func => "function",
        Space::Sig => "type",
        Space::Table => "table",
        Space::Global => "global",
        Space::Data => "segment",
        Space::Elem => "element segment",
        Space::Import => "import",
        Space::Shape => "shape",
    }
}

impl Names {
    pub fn new(space: Space) -> Self {
        Names { what: space_name(space), map: BTreeMap::new(), len: 0 }
    }

    /// Adds a thing and gives its index. `_` and no name are no names.
    pub fn add(&mut self, name: Option<&Name>) -> Res<u32> {
        let index = self.len;
        self.len += 1;
        if let Some(name) = name.filter(|n| !n.is_word("_"))
            && self.map.insert(name.text.clone(), index).is_some()
        {
            return error(
                name.span,
                format!("{} `{}` is defined twice", self.what, name.text.escape_debug()),
            );
        }
        Ok(index)
    }

    pub fn get(&self, name: &str) -> Option<u32> {
        self.map.get(name).copied()
    }

    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.map.keys().map(|k| &**k)
    }

    /// The index of a thing.
    pub fn find(&self, thing: &Ref) -> Res<u32> {
        match thing {
            Ref::Name(name) => self.get(&name.text).ok_or_else(|| self.unknown(name)),
            Ref::Index(index, _) if *index < self.len => Ok(*index),
            Ref::Index(index, span) => {
                error(*span, format!("there is no {} {index}: the program has {}", self.what, self.len))
            }
        }
    }

    pub fn unknown(&self, name: &Name) -> Box<Error> {
        let help = did_you_mean(&name.text, self.keys());
        Error::new(name.span, format!("unknown {} `{}`", self.what, name.text.escape_debug()), help)
    }
}
