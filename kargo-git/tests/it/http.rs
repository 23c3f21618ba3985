//! What git is told over HTTP, and what it makes of the answers.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use kargo_git::{Cancel, Code, Login, Remote, UrlPolicy};

use crate::world::World;

/// A server that gives every request the same answer; `None` is none at all. Says where it is, and what it was asked.
fn server(answer: Option<String>) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (asked, questions) = channel();
    thread::spawn(move || {
        let mut held = Vec::new();
        for stream in listener.incoming().flatten() {
            let mut stream: TcpStream = stream;
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
                head.push(byte[0]);
            }
            if asked.send(String::from_utf8_lossy(&head).into_owned()).is_err() {
                return;
            }
            match &answer {
                Some(answer) => drop(stream.write_all(answer.as_bytes())),
                None => held.push(stream),
            }
        }
    });
    (address, questions)
}

fn answer(status: &str, headers: &str) -> Option<String> {
    Some(format!("HTTP/1.1 {status}\r\n{headers}Content-Length: 0\r\nConnection: close\r\n\r\n"))
}

fn remote(address: &str) -> Remote {
    let login = Login { username: "bot".to_owned(), password: "canary-token".into() };
    let address = format!("{address}/org/demo.git");
    Remote::new("https://github.com/org/demo.git", &address, &UrlPolicy::default())
        .unwrap()
        .with_login(Some(login))
}

#[test]
fn answers_have_their_codes_and_no_secrets() {
    let world = World::new();
    for (status, code) in [
        ("401 Unauthorized", Code::Auth),
        ("403 Forbidden", Code::Auth),
        ("404 Not Found", Code::NotFound),
        ("503 Service Unavailable", Code::Unreachable),
    ] {
        let (address, questions) = server(answer(status, "WWW-Authenticate: Basic realm=x\r\n"));
        let error = world.mirror().refresh(&remote(&address), &Cancel::new()).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        let said = format!("{error} {error:?}");
        // base64 of bot:canary-token
        assert!(!said.contains("canary") && !said.contains("Ym90OmNhbmFyeS10b2tlbg=="), "{said}");
        assert!(questions.recv().unwrap().contains("Authorization: Basic Ym90OmNhbmFyeS10b2tlbg=="));
    }
}

#[test]
fn a_login_does_not_follow_a_redirect() {
    let world = World::new();
    let (elsewhere, stolen) = server(answer("404 Not Found", ""));
    let (address, _questions) =
        server(answer("301 Moved Permanently", &format!("Location: {elsewhere}/org/demo.git/info/refs\r\n")));
    let error = world.mirror().refresh(&remote(&address), &Cancel::new()).unwrap_err();
    assert_eq!(error.code(), Code::Unreachable, "{error}");
    assert!(error.hint().is_some_and(|hint| hint.contains("moved")), "{error}");
    assert!(stolen.try_recv().is_err());
}

#[test]
fn a_server_that_says_nothing_is_left_when_cancelled() {
    let world = World::new();
    let (address, questions) = server(None);
    let cancel = Cancel::new();
    let flag = cancel.clone();
    let canceller = thread::spawn(move || {
        questions.recv().unwrap();
        flag.cancel();
        Instant::now()
    });
    let error = world.mirror().refresh(&remote(&address), &cancel).unwrap_err();
    assert_eq!(error.code(), Code::Cancelled);
    assert!(canceller.join().unwrap().elapsed() < Duration::from_secs(1));
}
