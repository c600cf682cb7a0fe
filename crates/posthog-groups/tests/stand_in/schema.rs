//! Compares a struct with the properties on the server.

use posthog_groups::ValueKind;
use posthog_groups_fake::{Era, Group, State};

use crate::stage::{client, empty, serve};

#[derive(schemars::JsonSchema)]
#[allow(dead_code)]
struct Account {
    plan: Plan,
    seats: Option<u32>,
    #[schemars(rename = "mrr")]
    revenue: f64,
    renewed: Option<bool>,
    owner: Owner,
}

#[derive(schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(dead_code)]
enum Plan {
    Free,
    Pro,
}

#[derive(schemars::JsonSchema)]
#[allow(dead_code)]
struct Owner {
    email: String,
}

#[tokio::test]
async fn missing_unknown_and_different_properties_are_reported() {
    for era in Era::ALL {
        let groups = vec![
            Group::new(0, "a").with("plan", "free").with("seats", 3).with("mrr", 5).with("region", "eu"),
            Group::new(0, "b").with("plan", "pro").with("seats", "three").with("owner", "krabs"),
        ];
        let fake = serve(era, State { groups, ..empty() }).await;
        let report = client(&fake).groups("organization").check_schema::<Account>().await.unwrap();
        assert!(!report.is_match());
        assert_eq!((report.groups_seen, report.is_complete), (2, true));

        let missing: Vec<_> =
            report.missing.iter().map(|m| (m.name.as_str(), m.required, m.groups_without)).collect();
        assert_eq!(missing, [("mrr", true, 1), ("owner", true, 1), ("renewed", false, 2)]);
        let unknown: Vec<_> = report.unknown.iter().map(|u| u.name.as_str()).collect();
        assert_eq!(unknown, ["region"]);
        let different: Vec<_> =
            report.different.iter().map(|d| (d.name.as_str(), d.found.as_slice())).collect();
        assert_eq!(different, [("owner", &[ValueKind::String][..]), ("seats", &[ValueKind::String][..])]);
        assert_eq!(report.different[1].group_key.as_deref(), Some("b"));
        assert_eq!(
            report.to_string().lines().next().unwrap(),
            "2 groups compared (all): 3 properties missing, 1 unknown, 2 of another type"
        );
    }
}

#[tokio::test]
async fn a_matching_struct_is_a_match_and_other_types_are_rejected() {
    #[derive(schemars::JsonSchema)]
    #[allow(dead_code)]
    struct Fits {
        plan: String,
        extra: Option<serde_json::Value>,
    }

    let groups =
        (0..150).map(|n| Group::new(0, format!("{n}")).with("plan", "free").with("extra", n)).collect();
    let fake = serve(Era::Y2026, State { groups, ..empty() }).await;
    let orgs = client(&fake).groups(0);
    let report = orgs.check_schema::<Fits>().await.unwrap();
    assert!(report.is_match(), "{report}");
    assert_eq!(report.groups_seen, 150);
    assert!(orgs.check_schema::<Vec<u8>>().await.unwrap_err().is_invalid_input());
    let none = client(&fake).groups(1).check_schema::<Fits>().await.unwrap();
    assert_eq!(none.groups_seen, 0);
}
