//! The test server behind `<SERVER>`: answers as the corpus was made with.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use serde_json::json;

/// A server that lives as long as the program.
pub(super) struct Server {
    address: String,
}

/// A request, as far as the answers need it.
struct Request {
    method: String,
    path: String,
    query: String,
    headers: BTreeMap<String, Vec<String>>,
    body: String,
}

impl Server {
    /// Listens on a free port of the loopback.
    pub(super) fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = format!("http://{}", listener.local_addr()?);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A client that went away is its own affair.
                thread::spawn(move || drop(answer(stream)));
            }
        });
        Ok(Self { address })
    }

    /// Its address, without a slash at the end.
    pub(super) fn address(&self) -> &str {
        &self.address
    }
}

fn answer(stream: TcpStream) -> std::io::Result<()> {
    let request = read(&stream)?;
    match request.path.as_str() {
        "/echo" => echo(stream, &request),
        "/raw" => raw(stream, &request),
        "/redirect" => write(stream, 302, &[("Location".into(), "/echo?redirected=1".into())], b""),
        "/close" => Ok(()),
        _ => write(stream, 404, &[], b""),
    }
}

fn echo(stream: TcpStream, request: &Request) -> std::io::Result<()> {
    let body = json!({
        "method": request.method, "path": request.path, "rawQuery": request.query, "headers": request.headers,
        "body": request.body, "contentLength": request.body.len(), "int": 42, "float": 1.5,
        "list": [1, "two", null, true],
    });
    // Larger than any number that JSON values hold here.
    let body = body.to_string().replacen("\"body\"", "\"big\":12345678901234567890,\"body\"", 1);
    let headers =
        [("Content-Type", "application/json"), ("X-Echo", "yes"), ("X-Multi", "one"), ("X-Multi", "two")];
    write(stream, 200, &headers.map(|(name, value)| (name.into(), value.into())), body.as_bytes())
}

fn raw(stream: TcpStream, request: &Request) -> std::io::Result<()> {
    let mut status = 200;
    let mut content_type = "text/plain".to_owned();
    let (mut headers, mut body) = (Vec::new(), String::new());
    for pair in request.query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = decoded(value);
        match name {
            "status" => status = value.parse().unwrap_or(200),
            "ct" => content_type = value,
            "h" => headers.extend(
                value.split_once(':').map(|(name, value)| (name.to_owned(), value.trim().to_owned())),
            ),
            "sleep" => thread::sleep(Duration::from_millis(value.parse().unwrap_or(0))),
            "n" => body = " ".repeat(value.parse().unwrap_or(0)),
            "body" => body = value,
            _ => {}
        }
    }
    if !content_type.is_empty() {
        headers.push(("Content-Type".to_owned(), content_type));
    }
    write(stream, status, &headers, body.as_bytes())
}

fn write(
    mut stream: TcpStream,
    status: u16,
    headers: &[(String, String)],
    body: &[u8],
) -> std::io::Result<()> {
    let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head =
        format!("HTTP/1.1 {status} \r\n{lines}Content-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)
}

fn read(stream: &TcpStream) -> std::io::Result<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace();
    let method = words.next().unwrap_or_default().to_owned();
    let target = words.next().unwrap_or_default().to_owned();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let mut headers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.entry(canonical(name)).or_default().push(value.trim().to_owned());
    }
    let length = headers.get("Content-Length").and_then(|values| values[0].parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Request {
        method,
        path: decoded(path),
        query: query.to_owned(),
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}

/// A header's name as Go writes it: `X-Echo`.
fn canonical(name: &str) -> String {
    let word = |word: &str| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_uppercase() + &rest.to_lowercase()
    };
    name.split('-').map(word).collect::<Vec<_>>().join("-")
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let hex = tail.get(..2).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match (first, hex) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            (b'+', _) => {
                bytes.push(b' ');
                rest = tail;
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
