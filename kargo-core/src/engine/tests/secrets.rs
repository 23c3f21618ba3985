//! A canary: a secret that goes through a Promotion is found nowhere it does not belong.

use super::*;
use crate::error::Code;

const CANARY: &str = "canary-5f3a/+";
const NO: Code = Code::new("test/no", "For tests.");

fn canary_forms() -> Vec<String> {
    use base64::Engine as _;
    vec![
        CANARY.to_owned(),
        "canary-5f3a%2F%2B".to_owned(),
        base64::prelude::BASE64_STANDARD.encode(CANARY),
        base64::prelude::BASE64_STANDARD.encode(format!("user:{CANARY}"))[8..16].to_owned(),
    ]
}

#[tokio::test]
async fn a_secret_reaches_the_step_and_nothing_else() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sees = Arc::clone(&seen);
    let leaks = Fake::new("leak", Effect::Outside, move |_, config| {
        let header = config["header"].as_str().unwrap_or_default().to_owned();
        sees.lock().unwrap().push(header.clone());
        let url = format!("https://x/?t={}", CANARY.replace('/', "%2F").replace('+', "%2B"));
        Err(StepError::errored(NO, format!("{header} refused at {url}"))
            .terminal()
            .with_output("echo", header)
            .with_output("status", 401))
    });
    let mut world = World::with_steps(
        json!([
            { "uses": "compose", "as": "own", "config": { "token": "${{ secret('creds').token }}", "open": "yes" } },
            { "uses": "leak", "as": "leak", "config": { "header": "Bearer ${{ outputs.own.token }}" } },
            { "uses": "compose", "as": "last", "if": "${{ always() }}", "config": { "all": "${{ outputs }}" } },
        ]),
        vec![leaks],
    );
    world.secrets = &[("token", CANARY), ("username", "jane")];
    let pass = world.run().await;
    assert_eq!(*seen.lock().unwrap(), [format!("Bearer {CANARY}")]);
    assert_eq!(shown(&pass), "own:Succeeded/s/f leak:Errored/s/f last:Succeeded/s/f Errored");
    let status = serde_json::to_value(&pass.status).unwrap();
    assert_eq!(status["state"]["own"], json!({ "open": "yes", "token": "***" }));
    assert_eq!(status["state"]["leak"], json!({ "echo": "***", "status": 401 }));

    let shown = [
        status.to_string(),
        serde_json::to_string(&*world.heard.0.lock().unwrap()).unwrap(),
        serde_json::to_string(&world.journal.all()).unwrap(),
        format!("{pass:?}"),
    ];
    for form in canary_forms() {
        for place in &shown {
            assert!(!place.contains(&form), "{form} in {place}");
        }
    }
    // After a restart the outputs are there again, with the secret.
    assert_eq!(outputs(&world.run().await)["own"]["token"], CANARY);
}

#[tokio::test]
async fn a_lost_key_is_told() {
    let mut world = World::with_steps(
        json!([{ "uses": "compose", "config": { "token": "${{ secret('creds').token }}" } }]),
        vec![],
    );
    world.secrets = &[("token", CANARY)];
    world.run().await;
    world.sealer = super::super::Sealer::ephemeral();
    assert_eq!(world.pass().await.unwrap_err().code(), super::super::SEALED);
}
