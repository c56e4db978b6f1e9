//! Named constants, evaluated when first needed.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::cursor::Name;
use crate::expr::{Env, Expr, Value};
use crate::source::{Res, Span, error};
use crate::suggest::did_you_mean;

struct Const {
    expr: Expr,
    span: Span,
    value: Cell<Option<Value>>,
    active: Cell<bool>,
}

/// All constants of a program.
#[derive(Default)]
pub(crate) struct Consts {
    map: BTreeMap<Rc<str>, Const>,
    depth: Cell<usize>,
}

/// Constants that may refer to each other in a row before the first of them is known.
const MAX_DEPTH: usize = 100;

impl Consts {
    /// Defines a constant.
    pub fn define(&mut self, name: &Name, expr: Expr) -> Res<()> {
        if self.map.contains_key(&name.text) {
            return error(name.span, format!("constant `{}` is defined twice", name.text));
        }
        let entry = Const { expr, span: name.span, value: Cell::new(None), active: Cell::new(false) };
        self.map.insert(name.text.clone(), entry);
        Ok(())
    }

    pub fn contains(&self, name: &str) -> bool {
        self.map.contains_key(name)
    }

    /// Names with the places of their definitions.
    pub fn names(&self) -> impl Iterator<Item = (&Rc<str>, Span)> {
        self.map.iter().map(|(name, entry)| (name, entry.span))
    }

    pub fn suggestion(&self, name: &str) -> Option<String> {
        did_you_mean(name, self.map.keys().map(|k| &**k))
    }

    /// The value of a constant; `None` if there is none of this name. `env` gives other names their meaning.
    pub fn value(&self, name: &Name, env: &dyn Env) -> Option<Res<Value>> {
        let entry = self.map.get(&name.text)?;
        if let Some(value) = entry.value.get() {
            return Some(Ok(value));
        }
        if entry.active.get() {
            return Some(error(entry.span, format!("constant `{}` depends on itself", name.text)));
        }
        if self.depth.get() == MAX_DEPTH {
            let message = format!("more than {MAX_DEPTH} constants depend on each other in a row here");
            return Some(error(entry.span, message));
        }
        entry.active.set(true);
        self.depth.set(self.depth.get() + 1);
        let value = entry.expr.eval(env);
        self.depth.set(self.depth.get() - 1);
        entry.active.set(false);
        entry.value.set(value.as_ref().ok().copied());
        Some(value)
    }
}
