//! Compiled expressions.

use std::sync::Arc;

use crate::ast::{Kind, Node};
use crate::code::Code;
use crate::env::Env;
use crate::host::{Answer, Host, NoHost};
use crate::lexer::{Kind as TokenKind, Lexer};
use crate::limits::{Budget, Limits};
use crate::{CallError, Error, Phase, Scope, Value, check, compile, deep, parser, rewrite, vm};

/// An expression, compiled once and run as often as wanted, from any thread.
///
/// ```
/// use kargo_expr::{Env, Program, Scope, Value};
/// let program = Program::compile("replicas * 2", &Env::kargo())?;
/// let scope = Scope::new().with("replicas", 3);
/// assert_eq!(program.run(&scope)?.as_i64(), Some(6));
/// # Ok::<(), kargo_expr::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Program(Arc<Compiled>);

#[derive(Debug)]
struct Compiled {
    source: Arc<str>,
    code: Code,
    names: Vec<Vec<Arc<str>>>,
    limits: Limits,
}

impl Program {
    /// Compiles an expression.
    ///
    /// # Errors
    /// What the parser, the checker or a rewrite refuses; its phase is [`Phase::Compile`].
    pub fn compile(source: &str, env: &Env) -> Result<Self, Error> {
        let levels = nesting(source);
        deep::with_stack(levels, || {
            let mut node = parser::parse(source, env)?;
            check::check(&mut node, env)?;
            let names = names(&mut node);
            rewrite::rewrite(&mut node)?;
            let code = compile::compile(&node, env)?;
            let limits = *env.limits();
            Ok(Self(Arc::new(Compiled { source: source.into(), code, names, limits })))
        })
        .unwrap_or_else(|error| Err(Error::new(error.code, Phase::Compile, error.message, None)))
    }

    /// Runs the program; `now()` is the Unix epoch.
    ///
    /// # Errors
    /// What fails while it runs, and with the code `expr/needs-host` if a host function is called.
    pub fn run(&self, scope: &Scope) -> Result<Value, Error> {
        match self.run_with(scope, &NoHost)? {
            Answer::Ready(value) => Ok(value),
            Answer::Need(need) => {
                let message = format!("{} {} is not at hand", need.kind, need.key);
                Err(Error::new(crate::Code::NeedsHost, Phase::Run, message, None))
            }
        }
    }

    /// Runs the program with a host that answers host functions and knows the time.
    ///
    /// # Errors
    /// What fails while it runs.
    pub fn run_with(&self, scope: &Scope, host: &dyn Host) -> Result<Answer, Error> {
        vm::run(&self.0.code, scope, host, Budget::new(&self.0.limits))
    }

    /// The source that was compiled.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// The names that the program reads, each with the fields that are read from it one after the other:
    /// `vars.app.name` is `["vars", "app", "name"]`. Variables of `let` are not among them.
    pub fn names(&self) -> impl Iterator<Item = &[Arc<str>]> {
        self.0.names.iter().map(Vec::as_slice)
    }
}

/// Compiles and runs an expression with Kargo's pure functions.
///
/// ```
/// use kargo_expr::{Scope, eval};
/// assert_eq!(eval("upper('kargo') + '!'", &Scope::new())?.as_str(), Some("KARGO!"));
/// # Ok::<(), kargo_expr::Error>(())
/// ```
///
/// # Errors
/// What does not compile, and what fails while it runs.
pub fn eval(source: &str, scope: &Scope) -> Result<Value, Error> {
    Program::compile(source, &Env::kargo())?.run(scope)
}

/// A bound on how deep the syntax tree of a source may be: its tokens.
fn nesting(source: &str) -> usize {
    if source.len() <= 128 {
        return source.len();
    }
    let mut lexer = Lexer::new(source);
    let mut tokens = 0;
    while let Ok(token) = lexer.next() {
        if token.kind == TokenKind::End {
            break;
        }
        tokens += 1;
    }
    tokens
}

/// Every name that is read, with the fields behind it.
fn names(node: &mut Node) -> Vec<Vec<Arc<str>>> {
    let mut names: Vec<Vec<Arc<str>>> = Vec::new();
    let mut locals: Vec<Arc<str>> = Vec::new();
    rewrite::walk(node, &mut |node| match &node.kind {
        Kind::Let(name, ..) => locals.push(Arc::clone(name)),
        Kind::Name(_) | Kind::Member(_) => {
            if let Some(path) = path(node) {
                // A longer path ends where its prefix was seen just before.
                if names.last().is_some_and(|last| path.len() > 1 && path.starts_with(last)) {
                    names.pop();
                }
                names.push(path);
            }
        }
        _ => {}
    });
    names.retain(|path| !locals.contains(&path[0]));
    names
}

fn path(node: &Node) -> Option<Vec<Arc<str>>> {
    match &node.kind {
        Kind::Name(name) => Some(vec![Arc::clone(name)]),
        Kind::Chain(inner) => path(inner),
        Kind::Member(member) => {
            let Kind::Text(field) = &member.property.kind else { return None };
            let mut path = path(&member.base)?;
            path.push(field.to_str().into());
            Some(path)
        }
        _ => None,
    }
}

/// Kept here so that a failed start of a deep stack reads like any other error.
impl From<CallError> for Error {
    fn from(error: CallError) -> Self {
        Self::new(error.code, Phase::Run, error.message, None)
    }
}
