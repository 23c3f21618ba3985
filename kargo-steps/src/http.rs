//! `http`: sends a request, and waits until the answer is what the template asks for.
//!
//! `successExpression` and `failureExpression` see the answer as `response` (`status`, `headers`, `header(name)`,
//! `body`). Where neither is given, a status of 2xx is success, and any other is polled for; where one is given,
//! an answer that meets none is polled for. A request other than GET, HEAD, PUT and DELETE that was cut off by a
//! kill is not repeated: it may have been sent.
//!
//! ```yaml
//! - uses: http
//!   as: create-tag
//!   config:
//!     method: POST
//!     url: https://api.github.com/repos/org/kargo-demo/git/refs
//!     headers:
//!       - name: Authorization
//!         value: Bearer ${{ secret('git-platform').token }}
//!     body: ${{ quote(vars.request) }}
//!     timeout: 20s
//!     successExpression: response.status == 201
//!     failureExpression: response.status >= 400
//!     errorExpression: response.body.message
//!     outputs:
//!       - name: commit
//!         fromExpression: response.body.object.sha
//! ```
//!
//! The short dialect writes `headers` and `queryParams` as a map, and `body` as a block that is JSON.

mod client;
mod config;
mod response;
mod tls;

use std::time::Duration;

use kargo_core::Code;
use kargo_core::expr::{Phase, Scope, Value, go};
use kargo_core::step::{CANCELLED, Effect, Expr, Outcome, Outputs, Step, StepContext, StepError, StepReport};
use kargo_core::transport::Rewrites;
use kargo_core::workdir::Policy;
use url::Url;

use self::client::{Client, Request};
pub(crate) use self::config::{Config, ContentType};
use self::response::Response;
use self::tls::Tls;
use crate::expression::evaluate;

/// The request could not be made from the config.
pub(crate) const BAD_REQUEST: Code =
    Code::new("http/bad-request", "The request cannot be made from the config.");
/// There was no answer, or not all of it.
pub(crate) const NO_ANSWER: Code = Code::new(
    "http/no-answer",
    "The request could not be sent, or its answer did not come (whole, in time).",
);
/// The address must not be reached.
pub(crate) const LINK_LOCAL: Code = Code::new(
    "http/link-local",
    "The request goes to a link-local address (169.254.0.0/16, fe80::/10), where a cloud keeps its secrets.",
);
/// The answer is too large.
pub(crate) const TOO_LARGE: Code = Code::new("http/too-large", "The answer has more than 2 MiB.");
/// The answer is not of its content type.
pub(crate) const BAD_BODY: Code =
    Code::new("http/bad-body", "The body of the answer is not of its content type.");
/// The answer met the failure criteria.
pub(crate) const FAILURE: Code = Code::new("http/failure", "The answer met the step's `failureExpression`.");
/// An expression of the step does not compile, fails or gives no bool.
pub(crate) const EXPRESSION: Code =
    Code::new("http/expression", "An expression of the step does not compile, fails, or gives no bool.");
/// A request that must not be repeated may have been sent before a kill.
pub(crate) const MAYBE_SENT: Code = Code::new(
    "http/maybe-sent",
    "The process was killed while the request was under way; it may have been sent and is not repeated.",
);

/// The codes of this step.
pub(crate) const CODES: &[Code] =
    &[BAD_REQUEST, NO_ANSWER, LINK_LOCAL, TOO_LARGE, BAD_BODY, FAILURE, EXPRESSION, MAYBE_SENT];

/// The largest body, sent or received.
const MAX_BODY: u64 = 2 << 20;
/// How long a request may take where the config does not say.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
/// When an answer that meets no criteria is asked for again where the config does not say.
const DEFAULT_POLL_INTERVAL: Duration = Duration::from_secs(30);

/// The step `http`.
#[derive(Debug)]
pub(crate) struct Http {
    rewrites: Rewrites,
    tls: Tls,
}

impl Http {
    /// The step, which reaches written addresses where `rewrites` says.
    pub(crate) fn new(rewrites: &Rewrites) -> Self {
        Self { rewrites: rewrites.clone(), tls: Tls::default() }
    }
}

impl Step for Http {
    type Config = Config;
    type Outputs = serde_json::Map<String, serde_json::Value>;
    const USES: &'static str = "http";
    const EFFECT: Effect = Effect::Outside;

    async fn run(&self, cx: &StepContext<'_>, config: Config) -> Result<StepReport, StepError> {
        if cx.interrupted && !config.method.may_be_repeated() {
            return Err(StepError::errored(
                MAYBE_SENT,
                "the request may have been sent before the process was killed",
            )
            .with_hint("look whether it had its effect, then promote again")
            .terminal());
        }
        config.validate()?;
        let poll = config.poll_interval()?.unwrap_or(DEFAULT_POLL_INTERVAL);
        let timeout = config.timeout()?.unwrap_or(DEFAULT_TIMEOUT);
        let client =
            Client::new(&self.rewrites, &self.tls, config.insecure_skip_tls_verify, config.proxy.as_deref())?;
        let request = request(cx, &config)?;
        let shown = shown(&config, &request.url);
        let answer = tokio::select! {
            () = cx.cancel.cancelled() => {
                return Err(StepError::errored(CANCELLED, format!("the run was cancelled during {shown}")));
            }
            answer = limited(timeout, client.send(request)) => answer,
        };
        let answer = answer.unwrap_or_else(|| {
            Err(StepError::errored(NO_ANSWER, format!("{shown}: no answer within {timeout:?}")))
        })?;
        let response = Response::read(answer, config.response_content_type)?;
        judge(cx, &config, &response, poll)
    }
}

/// The method and the address, without what may be secret in it.
fn shown(config: &Config, url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{} {}://{host}{port}{}", config.method.as_str(), url.scheme(), url.path())
}

/// `None` where the time is up; a time of zero is without limit.
async fn limited<T>(timeout: Duration, future: impl Future<Output = T>) -> Option<T> {
    if timeout.is_zero() { Some(future.await) } else { tokio::time::timeout(timeout, future).await.ok() }
}

fn request(cx: &StepContext<'_>, config: &Config) -> Result<Request, StepError> {
    let body = match (config.body_text(), config.body_file()) {
        (Some(text), _) => Some(text.into_bytes()),
        (None, Some(path)) => Some(cx.work_dir.read(path, Policy::Clamp, MAX_BODY)?),
        (None, None) => None,
    };
    Ok(Request {
        method: config.method.into(),
        url: config.address()?,
        headers: config.header_map()?,
        body: body.unwrap_or_default(),
    })
}

/// What the answer means for the step.
fn judge(
    cx: &StepContext<'_>,
    config: &Config,
    response: &Response,
    poll: Duration,
) -> Result<StepReport, StepError> {
    let scope = Scope::new().with("response", response.value());
    let success = criterion(cx, "successExpression", config.success_expression.as_ref(), &scope)?;
    let failure = criterion(cx, "failureExpression", config.failure_expression.as_ref(), &scope)?;
    let status = response.status();
    match (failure, success) {
        (Some(true), _) => Err(met_failure(cx, config, status, &scope)),
        (_, Some(true)) => succeeded(cx, config, &scope),
        (None, None) if (200..300).contains(&status) => succeeded(cx, config, &scope),
        (None, None) => Ok(StepReport::new(Outcome::Unmet { retry_after: Some(poll) })
            .with_message(format!("HTTP ({status}) response; asked for again until it is 2xx"))),
        _ => Ok(StepReport::running(Some(poll))
            .with_message(format!("HTTP ({status}) response met neither success nor failure criteria"))),
    }
}

fn succeeded(cx: &StepContext<'_>, config: &Config, scope: &Scope) -> Result<StepReport, StepError> {
    let mut outputs = Outputs::new();
    for output in &config.outputs {
        let value = evaluate(cx, &output.from_expression, scope)
            .map_err(|error| bad_expression(&format!("output {:?}", &*output.name), error))?;
        outputs.insert(&*output.name, value);
    }
    Ok(StepReport::succeeded().with_outputs(outputs))
}

fn met_failure(cx: &StepContext<'_>, config: &Config, status: i64, scope: &Scope) -> StepError {
    let mut message = format!("HTTP ({status}) response met failure criteria");
    match config.error_expression.as_ref().filter(is_given).map(|expr| evaluate(cx, expr, scope)) {
        Some(Ok(value)) => {
            if let Some(text) = value.as_text().filter(|text| !text.as_bytes().is_empty()) {
                message = format!("{message}: {}", go::quote::quote(text.as_bytes()));
            }
        }
        Some(Err(error)) if error.phase() == Phase::Compile => {
            return bad_expression("errorExpression", error);
        }
        // A message that cannot be had must not hide the failure.
        Some(Err(_)) | None => {}
    }
    StepError::failed(FAILURE, message).terminal()
}

/// What a criterion says; `None` where there is none.
fn criterion(
    cx: &StepContext<'_>,
    name: &str,
    expr: Option<&Expr>,
    scope: &Scope,
) -> Result<Option<bool>, StepError> {
    let Some(expr) = expr.filter(is_given) else { return Ok(None) };
    let value: Value = evaluate(cx, expr, scope).map_err(|error| bad_expression(name, error))?;
    value.as_bool().map(Some).ok_or_else(|| {
        StepError::errored(
            EXPRESSION,
            format!("{name} must evaluate to a boolean, got {}", value.type_name()),
        )
    })
}

fn is_given(expr: &&Expr) -> bool {
    !expr.source().is_empty()
}

fn bad_expression(name: &str, error: kargo_core::expr::Error) -> StepError {
    let compiles = error.phase() != Phase::Compile;
    let step_error = StepError::errored(EXPRESSION, format!("{name}: {error}")).with_source(error);
    if compiles { step_error } else { step_error.terminal() }
}

#[cfg(test)]
mod tests;
