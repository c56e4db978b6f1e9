//! Includes, macros, repetition and conditional assembly: from the lines of files to the lines of the program.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use cartwheel_bytecode::Op;

use crate::consts::Consts;
use crate::cursor::{Cursor, Name};
use crate::expr::{Builtin, Env, Expr, Value};
use crate::source::{Error, Loader, Res, Sources, Span, error, error_help, plural};
use crate::token::{Line, Punct, Tok, Token, lines};

/// Files and macro calls that may be open inside each other.
const MAX_DEPTH: usize = 64;
/// Tokens that includes, macros and repetition may add.
const MAX_ADDED_TOKENS: usize = 4_000_000;
/// What opening an expansion costs of that beside its tokens.
const EXPANSION_COST: usize = 8;
/// Files that can be included.
const MAX_INCLUDES: usize = 1_000;

/// Parameters that a macro can have.
const MAX_PARAMS: usize = 32;

struct Macro {
    params: Vec<(Rc<str>, Option<Vec<Token>>)>,
    body: Vec<Line>,
    /// Labels and locals that the body defines: each expansion has its own.
    own: BTreeSet<Rc<str>>,
}

struct Frame {
    lines: Vec<Line>,
    pos: usize,
    /// Index of the file if this is a file.
    file: Option<u32>,
    /// Number of conditions that were open in front of it.
    conditions: usize,
}

struct Condition {
    span: Span,
    /// A branch was taken already.
    taken: bool,
    /// The current branch is assembled.
    active: bool,
    /// `.else` was there.
    last: bool,
}

/// The lines of the program, without macros, conditions and constants.
pub(crate) struct Expanded {
    pub lines: Vec<Line>,
    pub consts: Consts,
    /// Names of macros, for suggestions.
    pub macros: Vec<Rc<str>>,
}

struct Expander<'a> {
    sources: &'a mut Sources,
    loader: &'a dyn Loader,
    frames: Vec<Frame>,
    conditions: Vec<Condition>,
    macros: BTreeMap<Rc<str>, Rc<Macro>>,
    consts: Consts,
    out: Vec<Line>,
    added: usize,
    includes: usize,
    scopes: u32,
}

/// Expands a file that is known to `sources`.
pub(crate) fn expand(sources: &mut Sources, loader: &dyn Loader, file: u32, bytes: &[u8]) -> Expanded {
    let lines = lines(sources, file, bytes);
    let mut expander = Expander {
        sources,
        loader,
        frames: Vec::new(),
        conditions: Vec::new(),
        macros: BTreeMap::new(),
        consts: Consts::default(),
        out: Vec::new(),
        added: 0,
        includes: 0,
        scopes: 0,
    };
    expander.open(lines, Some(file));
    expander.run();
    let macros = expander.macros.keys().cloned().collect();
    Expanded { lines: expander.out, consts: expander.consts, macros }
}

impl Expander<'_> {
    fn open(&mut self, lines: Vec<Line>, file: Option<u32>) {
        let conditions = self.conditions.len();
        self.frames.push(Frame { lines, pos: 0, file, conditions });
    }

    fn run(&mut self) {
        while let Some(line) = self.next_line() {
            let result = self.line(line);
            self.sources.ok(result);
            if self.sources.is_full() {
                break;
            }
        }
    }

    /// The next line; closes what has ended.
    fn next_line(&mut self) -> Option<Line> {
        loop {
            let frame = self.frames.last_mut()?;
            if let Some(line) = frame.lines.get_mut(frame.pos) {
                frame.pos += 1;
                return Some(std::mem::take(line));
            }
            let open = frame.conditions;
            self.frames.pop();
            while self.conditions.len() > open {
                let condition = self.conditions.pop().expect("longer than `open`");
                self.sources.report(*Error::new(
                    condition.span,
                    "`.endif` is missing for this condition",
                    None,
                ));
            }
        }
    }

    fn active(&self) -> bool {
        self.conditions.last().is_none_or(|c| c.active)
    }

    fn line(&mut self, line: Line) -> Res<()> {
        let directive = line[0].directive().unwrap_or("");
        if !self.active() && !matches!(directive, "if" | "elif" | "else" | "endif") {
            return Ok(());
        }
        let mut cur = Cursor::after(&line, 1);
        match directive {
            "if" => self.open_condition(line[0].span, &mut cur),
            "elif" | "else" => self.next_condition(line[0].span, &mut cur, directive == "else"),
            "endif" => {
                self.own_condition(line[0].span)?;
                self.conditions.pop();
                cur.end()
            }
            "include" => self.include(&mut cur),
            "macro" => self.define_macro(line[0].span, &mut cur),
            "repeat" => self.repeat(line[0].span, &mut cur),
            "endmacro" | "endrepeat" => {
                error(line[0].span, format!("`.{directive}` without `.{}` before it", &directive[3..]))
            }
            "const" => self.define_const(&mut cur),
            "error" => {
                let message = cur.text("a message in quotes")?;
                error(line[0].span, message)
            }
            _ => self.statement(line),
        }
    }

    fn eval(&self, expr: &Expr) -> Res<i128> {
        expr.int_in(&ConstEnv { consts: &self.consts }, "this", i64::MIN.into(), u64::MAX.into())
    }

    // ---- conditions ----

    fn open_condition(&mut self, span: Span, cur: &mut Cursor<'_>) -> Res<()> {
        let outer = self.active();
        // Pushed in any case, so that its `.endif` finds it.
        self.conditions.push(Condition { span, taken: true, active: false, last: false });
        if !outer {
            return Ok(());
        }
        let expr = Expr::parse(cur)?;
        cur.end()?;
        let holds = self.eval(&expr)? != 0;
        let condition = self.conditions.last_mut().expect("just pushed");
        condition.taken = holds;
        condition.active = holds;
        Ok(())
    }

    fn own_condition(&self, span: Span) -> Res<()> {
        let open = self.frames.last().map_or(0, |f| f.conditions);
        if self.conditions.len() > open { Ok(()) } else { error(span, "there is no `.if` before this") }
    }

    fn next_condition(&mut self, span: Span, cur: &mut Cursor<'_>, is_else: bool) -> Res<()> {
        self.own_condition(span)?;
        let last = self.conditions.len() - 1;
        let condition = &mut self.conditions[last];
        if condition.last {
            return error(span, "`.else` was already the last branch of this condition");
        }
        condition.last = is_else;
        condition.active = false;
        if condition.taken {
            return Ok(());
        }
        let holds = if is_else {
            cur.end()?;
            true
        } else {
            let expr = Expr::parse(cur)?;
            cur.end()?;
            self.eval(&expr)? != 0
        };
        self.conditions[last].taken = holds;
        self.conditions[last].active = holds;
        Ok(())
    }

    // ---- constants and includes ----

    fn define_const(&mut self, cur: &mut Cursor<'_>) -> Res<()> {
        loop {
            let name = cur.name("a name for the constant")?;
            cur.expect(Punct::Eq)?;
            let expr = Expr::parse(cur)?;
            self.consts.define(&name, expr)?;
            if !cur.eat(Punct::Comma) {
                return cur.end();
            }
        }
    }

    fn include(&mut self, cur: &mut Cursor<'_>) -> Res<()> {
        let span = cur.span();
        let path = cur.text("the name of a file in quotes")?;
        cur.end()?;
        if self.frames.len() >= MAX_DEPTH || self.includes >= MAX_INCLUDES {
            return error_help(span, "too many files are included here", "does the file include itself?");
        }
        self.includes += 1;
        let from = self.frames.iter().rev().find_map(|f| f.file).unwrap_or(0);
        let from = self.sources.file_name(from).to_owned();
        let file = match self.loader.load(&from, &path) {
            Ok(file) => file,
            Err(reason) => {
                return error(span, format!("cannot include \"{}\": {reason}", path.escape_debug()));
            }
        };
        self.charge(span, file.bytes.len() / 8)?;
        let index = self.sources.add(&file.name, &file.bytes);
        let lines = lines(self.sources, index, &file.bytes);
        self.charge(span, lines.iter().map(Vec::len).sum())?;
        self.open(lines, Some(index));
        Ok(())
    }

    /// Counts tokens that are added to the text of the file.
    fn charge(&mut self, span: Span, tokens: usize) -> Res<()> {
        self.added += EXPANSION_COST + tokens;
        if self.added > MAX_ADDED_TOKENS {
            self.frames.clear();
            return error(span, format!("expansion grows beyond {MAX_ADDED_TOKENS} tokens here"));
        }
        Ok(())
    }

    // ---- macros and repetition ----

    /// The lines up to the directive `end`, which are taken.
    fn block(&mut self, span: Span, begin: &str, end: &str) -> Res<Vec<Line>> {
        let frame = self.frames.last_mut().expect("the line came from it");
        let mut depth = 1;
        let mut body = Vec::new();
        while let Some(line) = frame.lines.get_mut(frame.pos) {
            frame.pos += 1;
            let line = std::mem::take(line);
            match line[0].directive() {
                Some(d) if d == begin => depth += 1,
                Some(d) if d == end => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                Cursor::after(&line, 1).end()?;
                return Ok(body);
            }
            body.push(line);
        }
        error(span, format!("`.{end}` is missing for this"))
    }

    fn define_macro(&mut self, span: Span, cur: &mut Cursor<'_>) -> Res<()> {
        let body = self.block(span, "macro", "endmacro")?;
        let name = cur.name("a name for the macro")?;
        let mut params: Vec<(Rc<str>, Option<Vec<Token>>)> = Vec::new();
        while !cur.at_end() {
            if !params.is_empty() {
                cur.expect(Punct::Comma)?;
            }
            let param = cur.name("a parameter")?;
            if params.len() == MAX_PARAMS {
                return error(param.span, format!("a macro has at most {MAX_PARAMS} parameters"));
            }
            if params.iter().any(|(p, _)| *p == param.text) {
                return error(param.span, format!("parameter `{}` is there twice", param.text));
            }
            let default = if cur.eat(Punct::Eq) { Some(cur.argument()?.to_vec()) } else { None };
            params.push((param.text, default));
        }
        if Op::from_mnemonic(&name.text).is_some() {
            return error(name.span, format!("`{}` is an instruction and cannot be a macro", name.text));
        }
        let own = own_names(&body);
        if self.macros.contains_key(&name.text) {
            return error(name.span, format!("macro `{}` is defined twice", name.text));
        }
        self.macros.insert(name.text, Rc::new(Macro { params, body, own }));
        Ok(())
    }

    fn repeat(&mut self, span: Span, cur: &mut Cursor<'_>) -> Res<()> {
        let body = self.block(span, "repeat", "endrepeat")?;
        let count_expr = Expr::parse(cur)?;
        let counter = if cur.eat(Punct::Comma) { Some(cur.name("a name for the counter")?) } else { None };
        cur.end()?;
        let count = self.eval(&count_expr)?;
        if self.frames.len() >= MAX_DEPTH {
            return error(span, "expansions are nested too deep here");
        }
        let own = own_names(&body);
        let tokens: usize = body.iter().map(Vec::len).sum();
        let mut lines = Vec::new();
        let mut n = 0;
        while n < count {
            self.charge(span, tokens)?;
            self.scopes += 1;
            let number = Token { tok: Tok::Int(n as u64), span, scope: 0 };
            let args: Vec<(&str, &[Token])> =
                counter.iter().map(|c| (&*c.text, std::slice::from_ref(&number))).collect();
            for body_line in &body {
                lines.push(substitute(body_line, &args, &own, self.scopes, None)?);
            }
            n += 1;
        }
        self.open(lines, None);
        Ok(())
    }

    /// An instruction, a macro call, or a directive for later.
    fn statement(&mut self, line: Line) -> Res<()> {
        let mut labels = 0;
        while matches!(line.get(labels).map(|t| &t.tok), Some(Tok::Ident(_) | Tok::Quoted(_)))
            && line.get(labels + 1).is_some_and(|t| t.is(Punct::Colon))
        {
            labels += 2;
        }
        let called = line.get(labels).and_then(Token::word).and_then(|word| self.macros.get(word)).cloned();
        let Some(called) = called else {
            self.out.push(line);
            return Ok(());
        };
        if labels > 0 {
            self.out.push(line[..labels].to_vec());
        }
        let name = &line[labels];
        let mut cur = Cursor::after(&line, labels + 1);
        let mut given: Vec<&[Token]> = Vec::new();
        while !cur.at_end() {
            if !given.is_empty() {
                cur.expect(Punct::Comma)?;
            }
            given.push(cur.argument()?);
        }
        if self.frames.len() >= MAX_DEPTH {
            return error_help(name.span, "macros are nested too deep here", "does the macro call itself?");
        }
        let args = arguments(&called, name, &given)?;
        let tokens = called.body.iter().flatten().map(|t| match &t.tok {
            Tok::Param(p, _) => args.iter().find(|(n, _)| *n == &**p).map_or(1, |(_, a)| a.len()),
            _ => 1,
        });
        self.charge(name.span, tokens.sum())?;
        self.scopes += 1;
        let origin = self.sources.add_origin(format!("macro {}", name.describe()), name.span);
        let lines: Res<Vec<Line>> = called
            .body
            .iter()
            .map(|l| substitute(l, &args, &called.own, self.scopes, Some(origin)))
            .collect();
        self.open(lines?, None);
        Ok(())
    }
}

fn arguments<'a>(called: &'a Macro, name: &Token, given: &[&'a [Token]]) -> Res<Vec<(&'a str, &'a [Token])>> {
    let needed = called.params.iter().take_while(|(_, default)| default.is_none()).count();
    let params = called.params.len();
    if given.len() > params || given.len() < needed {
        let names: Vec<&str> = called.params.iter().map(|(p, _)| &**p).collect();
        let help = format!(
            "its parameters are: {}",
            if names.is_empty() { "none".into() } else { names.join(", ") }
        );
        let range = if needed == params { String::new() } else { format!("{needed} to ") };
        let most = plural(params, "argument");
        let message = format!("macro {} takes {range}{most}, not {}", name.describe(), given.len());
        return error_help(name.span, message, help);
    }
    let mut args = Vec::new();
    for (i, (param, default)) in called.params.iter().enumerate() {
        let Some(tokens) = given.get(i).copied().or(default.as_deref()) else {
            return error(name.span, format!("an argument for `{param}` is missing"));
        };
        args.push((&**param, tokens));
    }
    Ok(args)
}

/// Labels and locals that lines define.
fn own_names(body: &[Line]) -> BTreeSet<Rc<str>> {
    let mut own = BTreeSet::new();
    for line in body {
        if line[0].directive() == Some("local") {
            let names = line.windows(2).filter(|w| w[1].is(Punct::Colon) || w[1].is(Punct::Comma));
            own.extend(names.filter_map(|w| w[0].word().cloned()));
        }
        let mut at = 0;
        while let (Some(word), true) =
            (line.get(at).and_then(Token::word), line.get(at + 1).is_some_and(|t| t.is(Punct::Colon)))
        {
            own.insert(word.clone());
            at += 2;
        }
    }
    own
}

/// A line of a body with its parameters replaced.
fn substitute(
    line: &Line,
    args: &[(&str, &[Token])],
    own: &BTreeSet<Rc<str>>,
    scope: u32,
    origin: Option<u32>,
) -> Res<Line> {
    let mut out = Vec::with_capacity(line.len());
    for token in line {
        let mut token = token.clone();
        if let Some(origin) = origin {
            token.span.origin = origin;
        }
        match &token.tok {
            Tok::Param(name, suffix) => {
                let Some((_, arg)) = args.iter().find(|(param, _)| *param == &**name) else {
                    // A parameter of an outer macro stays for the outer expansion, which comes first; one that is
                    // still there when the line is assembled is an error there.
                    out.push(token);
                    continue;
                };
                match (suffix, arg) {
                    (None, _) => out.extend_from_slice(arg),
                    (Some(suffix), [Token { tok: Tok::Ident(base), span, .. }]) => {
                        let tok = Tok::Ident(format!("{base}.{suffix}").into());
                        out.push(Token { tok, span: *span, scope: 0 });
                    }
                    (Some(_), _) => {
                        return error(token.span, format!("`${name}` must be a name to be continued"));
                    }
                }
            }
            Tok::Ident(name) => {
                if token.scope == 0 && own.contains(name) {
                    token.scope = scope;
                }
                out.push(token);
            }
            _ => out.push(token),
        }
    }
    Ok(out)
}

/// The names that conditions and counts can use: constants defined above.
struct ConstEnv<'a> {
    consts: &'a Consts,
}

impl Env for ConstEnv<'_> {
    fn value(&self, name: &Name) -> Res<Value> {
        self.consts.value(name, self).unwrap_or_else(|| {
            let help = self.consts.suggestion(&name.text);
            let message = format!("`{}` is not a constant that is defined above", name.text);
            Err(Error::new(name.span, message, help))
        })
    }

    fn builtin(&self, builtin: Builtin, name: &Name) -> Res<i128> {
        match builtin {
            Builtin::Defined => Ok(self.consts.contains(&name.text).into()),
            _ => error(name.span, "conditions and counts can use constants only"),
        }
    }
}
