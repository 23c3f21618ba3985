//! `kargo-yaml` on files like an ApplicationSet's: parse, one edit, 100 edits, reading as JSON.
//!
//! Quote the ratios of one run against `events`, the parser's bare pass over the same text.
#![allow(clippy::expect_used, reason = "a benchmark of something that fails measures nothing")]

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use granit_parser::Parser;
use kargo_yaml::{Edit, Limits, Path, Schema, Stream, edit};

/// An ApplicationSet of `lines` lines, ten for each app.
fn application_set(lines: usize) -> String {
    let mut text = String::from(
        "# Production\napiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nspec:\n  generators:\n  - list:\n      elements:\n",
    );
    for app in 0..lines / 10 {
        let _ = write!(
            text,
            "      - appName: app-{app}\n        appRevision: app-{app}-v1.{app}.0 # bump\n        namespace: 'team-{}'\n        \
             wave: {}\n        enabled: true\n        labels:\n          tier: \"backend\"\n          cost-center: cc-{app}\n        \
             # how many\n        replicas: 3\n",
            app % 40,
            app % 7,
        );
    }
    text
}

fn edits(count: usize, apps: usize) -> Vec<Edit> {
    let of = |app: usize| {
        let path = format!(
            r#".spec.generators[0].list.elements[] | select(.appName == "app-{app}") | .appRevision"#
        );
        Edit { path: Path::parse(&path).expect("a path"), value: "app-v2.0.0".into() }
    };
    (0..count).map(|edit| of(edit * apps / count)).collect()
}

fn yaml(criterion: &mut Criterion) {
    for lines in [5_000, 50_000] {
        let text = application_set(lines);
        let mut group = criterion.benchmark_group("yaml");
        group.throughput(Throughput::Bytes(text.len() as u64)).sample_size(20);
        group.bench_with_input(BenchmarkId::new("events", lines), &text, |bencher, text| {
            bencher.iter(|| Parser::new_from_str(text).filter(Result::is_ok).count());
        });
        group.bench_with_input(BenchmarkId::new("parse", lines), &text, |bencher, text| {
            bencher.iter(|| Stream::parse(black_box(text), &Limits::default()).expect("YAML"));
        });
        group.bench_with_input(BenchmarkId::new("parse and read", lines), &text, |bencher, text| {
            bencher.iter(|| {
                let stream = Stream::parse(black_box(text), &Limits::default()).expect("YAML");
                stream
                    .document(0)
                    .and_then(|document| document.root())
                    .map(|root| root.to_json(Schema::Kubernetes11))
            });
        });
        for count in [1, 100] {
            let edits = edits(count, lines / 10);
            group.bench_with_input(
                BenchmarkId::new(format!("{count} edits"), lines),
                &text,
                |bencher, text| {
                    bencher.iter(|| {
                        let stream = Stream::parse(black_box(text), &Limits::default()).expect("YAML");
                        edit(&stream, &edits).expect("an edit")
                    });
                },
            );
        }
        group.finish();
    }
}

criterion_group!(benches, yaml);
criterion_main!(benches);
