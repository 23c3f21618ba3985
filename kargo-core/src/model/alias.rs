//! Names of Freight for people.

const ADJECTIVES: [&str; 64] = [
    "able", "agile", "amber", "apt", "azure", "bold", "brave", "brief", "bright", "brisk", "calm", "candid",
    "civil", "clear", "clever", "cosy", "crisp", "curious", "dapper", "daring", "deft", "eager", "early",
    "exact", "fair", "fine", "firm", "fresh", "gentle", "glad", "golden", "grand", "handy", "happy", "hardy",
    "honest", "humble", "ideal", "jolly", "keen", "kind", "light", "lively", "loyal", "lucid", "merry",
    "mild", "neat", "nimble", "noble", "patient", "plucky", "polite", "proud", "quick", "quiet", "ready",
    "royal", "silver", "solid", "steady", "sunny", "swift", "witty",
];

const ANIMALS: [&str; 64] = [
    "adder", "alpaca", "badger", "beaver", "bison", "bobcat", "camel", "caribou", "cheetah", "cobra",
    "condor", "coyote", "crane", "cricket", "dingo", "dolphin", "donkey", "eagle", "egret", "falcon",
    "ferret", "finch", "fox", "gazelle", "gecko", "gibbon", "gopher", "grouse", "hamster", "hare", "heron",
    "hornet", "ibex", "iguana", "jackal", "jaguar", "kestrel", "koala", "lemur", "leopard", "llama",
    "lobster", "lynx", "magpie", "marmot", "marten", "mole", "moose", "newt", "ocelot", "otter", "owl",
    "panda", "pelican", "puffin", "quail", "raven", "robin", "salmon", "seal", "stork", "tapir", "turtle",
    "walrus",
];

/// A name such as `calm-otter` that `is_taken` does not know.
///
/// `random` chooses where the search begins; every pair of words is tried once, and after them the first
/// pair with a number, so that there is always an answer.
pub fn generate(random: u64, mut is_taken: impl FnMut(&str) -> bool) -> String {
    let pairs = (ADJECTIVES.len() * ANIMALS.len()) as u64;
    // Coprime to the number of pairs, which is a power of two: the walk meets each of them.
    const STRIDE: u64 = 1_399;
    let pair = |step: u64| {
        let at = (random % pairs + step * STRIDE) % pairs;
        let (adjective, animal) = (at as usize / ANIMALS.len(), at as usize % ANIMALS.len());
        format!("{}-{}", ADJECTIVES[adjective], ANIMALS[animal])
    };
    let plain = (0..pairs).map(pair);
    let numbered = (2_u64..).map(|number| format!("{}-{number}", pair(0)));
    // The numbers do not end before something is free.
    plain.chain(numbered).find(|name| !is_taken(name)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_name_is_new() {
        let mut taken = HashSet::new();
        for n in 0..4_200 {
            let name = generate(n * 7, |name| taken.contains(name));
            assert!(taken.insert(name));
        }
        assert!(taken.iter().filter(|name| name.ends_with(char::is_numeric)).count() >= 104);
    }

    #[test]
    fn the_same_source_gives_the_same_name() {
        assert_eq!(generate(5, |_| false), generate(5, |_| false));
        assert_ne!(generate(5, |_| false), generate(6, |_| false));
    }
}
