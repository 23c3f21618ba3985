//! Which Freight may go to a Stage: pure rules on the status of Freight.
//!
//! There is one test, the one that guards every Promotion; automatic promotion chooses from what passes it.
//! (Kargo has a second form for lists, which differs from the first where Freight is verified in a Stage that
//! the request does not name: see `docs/divergences.md`.)

use jiff::{SignedDuration, Timestamp};

use crate::model::{Freight, FreightRequest, SelectionPolicy, Stage};

/// Whether a Promotion of `freight` to `stage` is allowed.
pub(super) fn is_available(freight: &Freight, stage: &Stage, now: Timestamp) -> bool {
    let requests = stage.spec.requests();
    let request = requests.iter().find(|request| request.origin == freight.origin);
    request.is_some_and(|request| passes(freight, stage, request, now))
}

fn passes(freight: &Freight, stage: &Stage, request: &FreightRequest, now: Timestamp) -> bool {
    let sources = &request.sources;
    let soaked = |upstream: &String| freight.status.has_soaked_in(upstream, sources.required_soak_time, now);
    freight.status.is_approved_for(&stage.metadata.name)
        || sources.is_direct()
        || if sources.requires_all() {
            sources.stages.iter().all(soaked)
        } else {
            sources.stages.iter().any(soaked)
        }
}

/// The piece that automatic promotion would choose for `request`: the newest that is available. With
/// MatchUpstream it is the one that the upstream Stage runs, and none while that runs several.
pub(super) fn candidate<'f>(
    freight: impl IntoIterator<Item = &'f Freight>,
    stage: &Stage,
    request: &FreightRequest,
    now: Timestamp,
) -> Option<&'f Freight> {
    let available = freight
        .into_iter()
        .filter(|piece| piece.origin == request.origin && passes(piece, stage, request, now));
    match request.sources.selection_policy() {
        SelectionPolicy::NewestFreight => available.max_by_key(|piece| age(piece)),
        SelectionPolicy::MatchUpstream => {
            let [upstream] = request.sources.stages.as_slice() else { return None };
            let mut there = available.filter(|piece| piece.status.currently_in.contains_key(upstream));
            let only = there.next();
            only.filter(|_| there.next().is_none())
        }
    }
}

/// Orders Freight by when it was first seen, the newest last; of one instant by name.
pub(super) fn age(freight: &Freight) -> (Option<Timestamp>, &str) {
    (freight.first_seen(), &freight.metadata.name)
}

/// When the next piece will have soaked for long enough, if nothing else happens.
pub(super) fn next_soaked(freight: &Freight, request: &FreightRequest, now: Timestamp) -> Option<Timestamp> {
    let required = request.sources.required_soak_time?.as_std();
    let required = SignedDuration::try_from(required).unwrap_or(SignedDuration::MAX);
    let upstream = request.sources.stages.iter().filter(|stage| freight.status.is_verified_in(stage));
    let since = upstream.filter_map(|stage| freight.status.currently_in.get(stage)?.since);
    since.filter_map(|since| since.checked_add(required).ok()).filter(|done| *done > now).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AutoPromotionOptions, Duration, FreightAvailabilityStrategy, FreightOrigin};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn origin() -> FreightOrigin {
        FreightOrigin::warehouse("w")
    }

    fn piece(name: &str, seen: i64) -> Freight {
        let mut freight = Freight::new("p", origin()).with_discovered_at(at(seen));
        freight.metadata.name = name.to_owned();
        freight
    }

    fn verified(stages: &[&str]) -> Freight {
        let mut freight = piece("f", 0);
        for stage in stages {
            freight.status.enter(stage, at(0));
            freight.status.verify(stage, at(1));
        }
        freight
    }

    #[test]
    fn freight_comes_direct_or_verified_or_approved() {
        let upstream = || FreightRequest::from_stages(origin(), ["a", "b"]);
        let all = upstream().with_availability(FreightAvailabilityStrategy::All);
        let soaked = upstream().with_required_soak_time(Duration::from_secs(60));
        let approved = |mut freight: Freight| {
            freight.status.approve("s", at(0));
            freight
        };
        let foreign = Freight { origin: FreightOrigin::warehouse("other"), ..piece("f", 0) };
        for (what, request, freight, second, expected) in [
            ("direct", FreightRequest::direct(origin()), verified(&[]), 0, true),
            ("another origin", FreightRequest::direct(origin()), foreign, 0, false),
            ("not verified", upstream(), verified(&[]), 0, false),
            ("approved", upstream(), approved(verified(&[])), 0, true),
            ("verified in one", upstream(), verified(&["b"]), 0, true),
            ("verified elsewhere", upstream(), verified(&["c"]), 0, false),
            ("one of all", all.clone(), verified(&["b"]), 0, false),
            ("all", all.clone(), verified(&["a", "b"]), 0, true),
            ("all and another", all, verified(&["a", "b", "c"]), 0, true),
            ("not soaked", soaked.clone(), verified(&["a"]), 59, false),
            ("soaked", soaked.clone(), verified(&["a"]), 60, true),
            ("approved, not soaked", soaked, approved(verified(&["a"])), 0, true),
        ] {
            let stage = Stage::new("p", "s").with_request(request);
            assert_eq!(is_available(&freight, &stage, at(second)), expected, "{what}");
        }
    }

    #[test]
    fn the_newest_is_chosen_or_what_upstream_runs() {
        let stage = Stage::new("p", "s");
        let direct = FreightRequest::direct(origin());
        let (old, new) = (piece("b", 1), piece("a", 2));
        let same = piece("c", 2);
        let chosen = |freight: &[&Freight], request: &FreightRequest| {
            candidate(freight.iter().copied(), &stage, request, at(9))
                .map(|piece| piece.metadata.name.clone())
        };
        assert_eq!(chosen(&[&new, &old], &direct).as_deref(), Some("a"));
        assert_eq!(chosen(&[&new, &old, &same], &direct).as_deref(), Some("c"), "of one instant by name");

        let mut matching = FreightRequest::from_stages(origin(), ["up"]);
        let policy = Some(SelectionPolicy::MatchUpstream);
        matching.sources.auto_promotion_options = Some(AutoPromotionOptions { selection_policy: policy });
        let mut left = piece("newer", 5);
        left.status.enter("up", at(5));
        left.status.verify("up", at(5));
        let mut runs = piece("older", 3);
        runs.status.enter("up", at(6));
        runs.status.verify("up", at(6));
        assert_eq!(chosen(&[&left, &runs], &matching), None, "upstream runs two");
        left.status.leave("up", at(6));
        assert_eq!(chosen(&[&left, &runs], &matching).as_deref(), Some("older"));
    }

    #[test]
    fn the_end_of_a_soak_is_foreseen() {
        let request =
            FreightRequest::from_stages(origin(), ["a"]).with_required_soak_time(Duration::from_secs(60));
        assert_eq!(next_soaked(&verified(&["a"]), &request, at(10)), Some(at(60)));
        assert_eq!(next_soaked(&verified(&["a"]), &request, at(60)), None);
        assert_eq!(next_soaked(&verified(&["b"]), &request, at(10)), None);
    }
}
