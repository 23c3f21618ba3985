//! Sending a request: rewritten addresses, redirects, no link-local target, a bounded answer.

use std::fmt;
use std::net::IpAddr;

use kargo_core::step::StepError;
use kargo_core::transport::Rewrites;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{
    AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HeaderMap, LOCATION, PROXY_AUTHORIZATION,
};
use reqwest::redirect::Policy;
use reqwest::{Method, Proxy, StatusCode};
use std::sync::Arc;
use url::{Host, Url};

use super::tls::Tls;
use super::{BAD_REQUEST, LINK_LOCAL, MAX_BODY, NO_ANSWER, TOO_LARGE};

/// How many redirects are followed; Go's limit.
const MAX_REDIRECTS: usize = 10;

/// A request, with the address as it is written.
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// An answer, read whole.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// Sends requests of one step.
pub(super) struct Client<'a> {
    rewrites: &'a Rewrites,
    tls: rustls::ClientConfig,
    proxy: Option<Proxy>,
}

impl<'a> Client<'a> {
    pub(super) fn new(
        rewrites: &'a Rewrites,
        tls: &Tls,
        skip_verify: bool,
        proxy: Option<&str>,
    ) -> Result<Self, StepError> {
        let proxy = proxy.map(Proxy::all).transpose().map_err(|error| {
            StepError::errored(BAD_REQUEST, "the proxy is not an address")
                .with_source(error.without_url())
                .terminal()
        })?;
        Ok(Self { rewrites, tls: tls.config(skip_verify)?, proxy })
    }

    /// Sends the request and follows redirects.
    pub(super) async fn send(&self, mut request: Request) -> Result<Answer, StepError> {
        for _ in 0..=MAX_REDIRECTS {
            let mut response = self.exchange(&request).await?;
            let Some(next) = redirected(&request, &response) else {
                return Ok(Answer {
                    status: response.status(),
                    headers: std::mem::take(response.headers_mut()),
                    body: whole_body(response).await?,
                });
            };
            request = next;
        }
        Err(StepError::errored(
            NO_ANSWER,
            format!("the request was redirected more than {MAX_REDIRECTS} times"),
        ))
    }

    async fn exchange(&self, request: &Request) -> Result<reqwest::Response, StepError> {
        let written = request.url.as_str();
        let reached = Url::parse(&self.rewrites.apply(written)).map_err(|error| {
            StepError::errored(BAD_REQUEST, "the rewritten url is not one").with_source(error).terminal()
        })?;
        if literal_address(&reached).is_some_and(is_link_local) {
            return Err(link_local());
        }
        let client = self.connector(&reached)?;
        let mut builder = client.request(request.method.clone(), reached).headers(request.headers.clone());
        if !request.body.is_empty() {
            builder = builder.body(request.body.clone());
        }
        builder.send().await.map_err(|error| failure(&request.url, error))
    }

    /// The client for one address. As in Go, the environment's proxy is not asked for what is on this machine.
    fn connector(&self, reached: &Url) -> Result<reqwest::Client, StepError> {
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(self.tls.clone())
            .redirect(Policy::none())
            .dns_resolver(Arc::new(NoLinkLocal))
            .user_agent(concat!("kargo-flow/", env!("CARGO_PKG_VERSION")));
        if let Some(proxy) = &self.proxy {
            builder = builder.proxy(proxy.clone());
        } else if is_this_machine(reached) {
            builder = builder.no_proxy();
        }
        builder.build().map_err(|error| {
            StepError::errored(BAD_REQUEST, "no HTTP client can be made")
                .with_source(error.without_url())
                .terminal()
        })
    }
}

/// The request that a redirect asks for; `None` for any other answer.
fn redirected(request: &Request, response: &reqwest::Response) -> Option<Request> {
    let keeps_method = match response.status().as_u16() {
        301..=303 => false,
        307 | 308 => true,
        _ => return None,
    };
    let location = response.headers().get(LOCATION)?.to_str().ok()?;
    let url = request.url.join(location).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let mut headers = request.headers.clone();
    if url.origin() != request.url.origin() {
        for secret in [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION] {
            headers.remove(secret);
        }
    }
    if keeps_method {
        return Some(Request { method: request.method.clone(), url, headers, body: request.body.clone() });
    }
    headers.remove(CONTENT_TYPE);
    headers.remove(CONTENT_LENGTH);
    let method = if request.method == Method::HEAD { Method::HEAD } else { Method::GET };
    Some(Request { method, url, headers, body: Vec::new() })
}

async fn whole_body(mut response: reqwest::Response) -> Result<Vec<u8>, StepError> {
    let mut body = Vec::new();
    loop {
        let chunk = response.chunk().await.map_err(|error| {
            StepError::errored(NO_ANSWER, "the answer broke off").with_source(error.without_url())
        })?;
        let Some(chunk) = chunk else { return Ok(body) };
        if body.len() as u64 + chunk.len() as u64 > MAX_BODY {
            return Err(StepError::errored(TOO_LARGE, format!("the answer has more than {MAX_BODY} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
}

/// The address is not shown whole: its query may hold a secret.
fn failure(url: &Url, error: reqwest::Error) -> StepError {
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        if error.is::<LinkLocal>() {
            return link_local();
        }
        cause = error.source();
    }
    let host = url.host_str().unwrap_or_default();
    let error = error.without_url();
    let message = kargo_core::error::chain(&error);
    StepError::errored(NO_ANSWER, format!("no answer from {host}: {message}")).with_source(error)
}

fn link_local() -> StepError {
    StepError::errored(LINK_LOCAL, LinkLocal.to_string())
}

fn literal_address(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
        Host::Domain(_) => None,
    }
}

fn is_this_machine(url: &Url) -> bool {
    literal_address(url).is_some_and(|address| address.is_loopback()) || url.host_str() == Some("localhost")
}

/// Where clouds answer with a machine's own credentials.
fn is_link_local(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

/// Resolves names to addresses that are not link-local: it is asked when a connection is made, so that a name
/// cannot change its meaning in between.
struct NoLinkLocal;

impl Resolve for NoLinkLocal {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<_> = found.filter(|address| !is_link_local(address.ip())).collect();
            if allowed.is_empty() {
                return Err(LinkLocal.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

#[derive(Debug)]
struct LinkLocal;

impl fmt::Display for LinkLocal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("link-local addresses are not reached")
    }
}

impl std::error::Error for LinkLocal {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn link_local_addresses_are_known_in_every_form() {
        for (address, refused) in [
            ("169.254.169.254", true),
            ("::ffff:169.254.1.1", true),
            ("fe80::1", true),
            ("febf::1", true),
            ("127.0.0.1", false),
            ("10.0.0.1", false),
            ("::1", false),
            ("fd00::1", false),
        ] {
            assert_eq!(is_link_local(address.parse().unwrap()), refused, "{address}");
        }
        let decimal = Url::parse("http://2852039166/").unwrap();
        assert!(literal_address(&decimal).is_some_and(is_link_local));
    }
}
