//! Promotions of 10, 100 and 1,000 `compose-output` steps with two expressions each, on the store in memory: the cost
//! of a step must not grow with their number. And an expression, compiled and run.
#![allow(clippy::expect_used, reason = "a benchmark of something that fails measures nothing")]

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kargo_core::engine::{Engine, Job, promotion};
use kargo_core::expr::{Env, Program, Scope, Value};
use kargo_core::model::{Freight, FreightOrigin, FreightRequest, PromotionStep, Stage};
use kargo_core::store::MemoryStore;
use kargo_steps::Services;

fn stage(origin: &FreightOrigin, steps: usize) -> Stage {
    let stage = Stage::new("demo", "test").with_request(FreightRequest::direct(origin.clone()));
    (0..steps).fold(stage, |stage, index| {
        let config =
            serde_json::json!({ "a": "${{ ctx.stage + '-x' }}", "b": format!("${{{{ {index} * 2 }}}}") });
        stage.with_step(PromotionStep::new("compose-output").with_config(config))
    })
}

fn promotions(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let work = tempfile::tempdir().expect("a folder");
    let registry = kargo_steps::builtin(&Services::new(work.path()));
    let origin = FreightOrigin::warehouse("apps");
    let freight = Freight::new("demo", origin.clone()).named_by_content();
    let mut group = criterion.benchmark_group("promotion");
    group.sample_size(20);
    for steps in [10_usize, 100, 1_000] {
        let stage = stage(&origin, steps);
        let mut counted = 0;
        group.throughput(Throughput::Elements(steps as u64));
        group.bench_with_input(BenchmarkId::from_parameter(steps), &steps, |bencher, _| {
            bencher.iter(|| {
                counted += 1;
                let input = promotion::PromotionInput {
                    stage: &stage,
                    freight: &freight.metadata.name,
                    tasks: &|_, _| None,
                    actor: "",
                    now: "2026-01-02T03:04:05Z".parse().expect("a time"),
                    random: counted,
                };
                let promotion = promotion::build(&input).expect("a promotion");
                let job = Job::new(promotion, stage.clone(), freight.reference(), work.path());
                let store = Arc::new(MemoryStore::new());
                let engine = Engine::builder(registry.clone(), store.clone(), store).build();
                let pass = runtime.block_on(engine.advance(&job, &Default::default())).expect("a pass");
                assert!(pass.wait.is_none());
            });
        });
    }
    group.finish();
}

fn expressions(criterion: &mut Criterion) {
    let env = Env::kargo();
    let source = "vars.app + '-' + (ctx.stage == 'prod' ? 'eu' : 'test')";
    let vars = Value::from_iter([("app", "web")]);
    let ctx = Value::from_iter([("stage", "prod")]);
    let scope = Scope::new().with("vars", vars).with("ctx", ctx);
    let program = Program::compile(source, &env).expect("a program");
    let mut group = criterion.benchmark_group("expression");
    group.bench_function("compile", |bencher| {
        bencher.iter(|| Program::compile(black_box(source), &env).is_ok())
    });
    group.bench_function("run", |bencher| bencher.iter(|| program.run(black_box(&scope)).is_ok()));
    group.finish();
}

criterion_group!(benches, promotions, expressions);
criterion_main!(benches);
