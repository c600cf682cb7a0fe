//! The client without `async` returns the same results.

use posthog_groups::blocking::Client;
use posthog_groups_fake::{Era, Fake, Group, State};
use serde_json::json;

use crate::stage::{empty, stored};

fn serve(era: Era, state: State) -> (Fake, Client) {
    let fake = Fake::builder().era(era).state(state).start_blocking().unwrap();
    let client = Client::builder().personal_api_key(fake.key()).host(fake.url()).build_blocking().unwrap();
    (fake, client)
}

#[derive(serde::Deserialize)]
struct Account {
    n: u32,
}

#[test]
fn everything_works_without_a_runtime() {
    for era in Era::ALL {
        let groups = (0..250).map(|n| Group::new(0, format!("org:{n}")).with("n", n)).collect();
        let (fake, posthog) = serve(era, State { groups, ..empty() });
        let orgs = posthog.groups("organization");
        assert_eq!(orgs.list().iter().filter(Result::is_ok).count(), 250);
        let pages: Vec<_> = orgs.list().pages().map(|p| p.unwrap().groups.len()).collect();
        assert_eq!(pages, [100, 100, 50]);
        let sum: u32 = orgs.list().properties::<Account>().iter().map(|g| g.unwrap().properties.n).sum();
        assert_eq!(sum, 31_125);
        assert_eq!(orgs.list().iter().take(3).count(), 3);

        assert!(orgs.find("nobody").unwrap().is_none());
        assert!(orgs.get("nobody").unwrap_err().is_not_found());
        orgs.create("new").properties(json!({"a": 1})).send().unwrap();
        let new = orgs.group("new");
        new.set("a", 2).unwrap();
        assert_eq!(new.upsert(json!({"a": 2, "b": "x"})).send().unwrap().written, ["b"]);
        new.unset("a").unwrap();
        assert_eq!(stored(&fake, "new"), json!({"b": "x"}));
        assert!(new.activity().page_size(1).iter().filter(Result::is_ok).count() >= 3);
        assert!(new.related().unwrap().is_empty());
        assert_eq!(orgs.property_values("b").send().unwrap().len(), 1);
        assert_eq!(posthog.group_types().unwrap().len(), 2);
        assert_eq!(posthog.property_definitions().is_ok(), era == Era::Y2025);
        assert_eq!(posthog.projects().unwrap().len(), 1);
        assert_eq!(posthog.whoami().unwrap().email, "user@example.com");
        assert!(!format!("{posthog:?}").contains("phx_"));
    }
}

#[test]
fn it_works_from_many_threads_and_inside_a_runtime() {
    let (_fake, posthog) = serve(Era::Y2026, State { groups: vec![Group::new(0, "a")], ..empty() });
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| posthog.clone().groups(0).get("a").unwrap());
        }
    });
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async { posthog.groups(0).get("a").unwrap() });
}
