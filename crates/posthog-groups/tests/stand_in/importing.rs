//! Imports: the stored groups, the reports, and the requests.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use posthog_groups::bulk::{
    Duplicates, Engine, Import, ImportEvent, ImportReport, ImportRow, RowOutcome, Stopped,
};
use posthog_groups::{Error, Groups, ProjectToken, Properties, RetryPolicy};
use posthog_groups_fake::{Era, Fake, Fault, Group, State};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;

use crate::capture_host::CaptureHost;
use crate::stage::{builder, client, empty, organizations, requests, serve, start, stored};

fn row(key: &str, properties: Value) -> ImportRow {
    ImportRow::new(key, Properties::new(&properties).unwrap())
}

fn text_row(key: &str, properties: &str) -> ImportRow {
    ImportRow::new(key, serde_json::from_str(properties).unwrap())
}

fn rows(count: usize) -> Vec<ImportRow> {
    (0..count).map(|n| row(&format!("org:{n:03}"), json!({"n": n, "plan": "free"}))).collect()
}

fn import<'r>(
    orgs: &Groups,
    rows: &'r [ImportRow],
) -> Import<impl Fn() -> std::vec::IntoIter<std::io::Result<ImportRow>> + 'r> {
    orgs.import(move || rows.iter().cloned().map(Ok).collect::<Vec<_>>().into_iter())
}

/// An import that sends events.
fn by_events<'r>(
    orgs: &Groups,
    rows: &'r [ImportRow],
) -> Import<impl Fn() -> std::vec::IntoIter<std::io::Result<ImportRow>> + 'r> {
    import(orgs, rows).engine(Engine::Capture).project_token(token())
}

fn token() -> ProjectToken {
    ProjectToken::new("phc_1").unwrap()
}

/// Groups of a client that does not retry.
fn without_retries(fake: &Fake) -> Groups {
    let retry = RetryPolicy::default().retries(0).first_wait(Duration::from_millis(1));
    builder(fake).retry(retry).build().unwrap().groups("organization")
}

fn add_fault(fake: &Fake, fault: Value) {
    fake.add_faults([serde_json::from_value::<Fault>(fault).unwrap()]).unwrap();
}

/// The path of a journal that does not exist yet, in a directory that is removed when it is dropped.
fn journal() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal");
    (folder, journal)
}

/// The error that stopped an import.
#[track_caller]
fn stopped(report: &ImportReport) -> &Error {
    let Some(Stopped::Error(error)) = &report.stopped else { panic!("{report:?}") };
    error
}

/// Stops an import after an event for which `is_last` is true.
fn stopping<F>(import: Import<F>, is_last: impl Fn(ImportEvent<'_>) -> bool + Send + 'static) -> Import<F>
where
    F: Fn() -> std::vec::IntoIter<std::io::Result<ImportRow>> + Send,
{
    let (ready, started) = tokio::sync::oneshot::channel::<()>();
    let mut ready = Some(ready);
    let import = import.on_event(move |event| {
        if is_last(event) {
            ready.take();
        }
    });
    import.until(async move {
        let _ = started.await;
    })
}

/// Thirty groups of the rows: ten that match, ten with another plan, ten without a plan.
fn a_third_each() -> State {
    let group = |n: usize| Group::new(0, format!("org:{n:03}")).with("n", n as i64).with("other", "stays");
    let groups = (0..10)
        .map(|n| group(n).with("plan", "free"))
        .chain((10..20).map(|n| group(n).with("plan", "trial")))
        .chain((20..30).map(group))
        .collect();
    State { groups, ..empty() }
}

/// The outcomes, by key, as text.
type Outcomes = Arc<Mutex<Vec<String>>>;

fn recording<F>(import: Import<F>) -> (Import<F>, Outcomes)
where
    F: Fn() -> std::vec::IntoIter<std::io::Result<ImportRow>> + Send,
{
    let outcomes = Outcomes::default();
    let record = outcomes.clone();
    let import = import.on_event(move |event| {
        if let ImportEvent::Row { line, key, outcome } = event {
            let outcome = match outcome {
                RowOutcome::Created { properties } => format!("created {}", properties.join(",")),
                RowOutcome::Changed { properties } => format!("changed {}", properties.join(",")),
                RowOutcome::Failed(error) => format!("failed {error}"),
                other => format!("{other:?}").to_lowercase(),
            };
            record.lock().unwrap().push(format!("{line} {key} {outcome}"));
        }
    });
    (import, outcomes)
}

fn sorted(outcomes: &Outcomes) -> Vec<String> {
    let mut outcomes = outcomes.lock().unwrap().clone();
    outcomes.sort_by_key(|line| line.split(' ').next().unwrap().parse::<u64>().unwrap());
    outcomes
}

fn counts(report: &ImportReport) -> [u64; 4] {
    [report.created, report.changed, report.unchanged, report.failed]
}

fn assert_all_stored(fake: &Fake, rows: &[ImportRow]) {
    for row in rows {
        let expected: Value = row.properties.decode().unwrap();
        let found = stored(fake, &row.key);
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(&found[name], value, "{} {name}", row.key);
        }
    }
}

#[tokio::test]
async fn only_what_is_missing_or_different_is_written_and_the_plan_says_the_same() {
    for era in Era::ALL {
        let (fake, orgs) = start(era, a_third_each()).await;
        let rows = rows(40);
        let before = serde_json::to_string(&fake.state()).unwrap();
        let (plan, planned) = recording(import(&orgs, &rows));
        let plan = plan.plan().await.unwrap();
        assert_eq!(counts(&plan), [10, 20, 10, 0], "{era}");
        // The group types, and one page of groups.
        assert_eq!(plan.requests, 2, "{era}");
        assert_eq!(serde_json::to_string(&fake.state()).unwrap(), before, "{era}: a plan writes nothing");

        let (run, outcomes) = recording(import(&orgs, &rows).concurrency(1));
        let report = run.run().await.unwrap();
        assert_eq!(counts(&report), [10, 20, 10, 0], "{era}");
        assert!(report.is_complete() && report.left() == 0);
        // The list, ten creates, twenty reads and writes, and one request that checks whether the server has upserts.
        assert_eq!(report.requests, 1 + 10 + 20 * 2 + 1, "{era}");
        assert_eq!(sorted(&outcomes), sorted(&planned), "{era}");
        assert!(sorted(&outcomes)[15].ends_with("16 org:015 changed plan"));
        assert_all_stored(&fake, &rows);
        assert_eq!(stored(&fake, "org:000")["other"], "stays");
        for entry in fake.state().activity {
            let n: usize = entry.group_key[4..].parse().unwrap();
            assert!(n >= 10, "{era}: an entry for {} that did not change", entry.group_key);
            assert!(
                n >= 30 || entry.name.as_deref() == Some("plan"),
                "{era}: an entry for {:?} of {}",
                entry.name,
                entry.group_key
            );
        }

        let again = import(&orgs, &rows).run().await.unwrap();
        assert_eq!((counts(&again), again.requests), ([0, 0, 40, 0], 1), "{era}");
    }
}

#[tokio::test]
async fn links_to_another_origin_do_not_end_the_comparison() {
    for era in Era::ALL {
        let groups = (0..250).map(|n| Group::new(0, format!("org:{n:03}")).with("n", n).with("plan", "free"));
        let links_origin = Some("http://posthog-web.internal:8000".to_owned());
        let fake = serve(era, State { groups: groups.collect(), links_origin, ..empty() }).await;
        let report = import(&organizations(&fake), &rows(250)).run().await.unwrap();
        assert_eq!(counts(&report), [0, 0, 250, 0], "{era}: {report:?}");
        // Group types, and three pages of groups.
        assert_eq!(report.requests, 4, "{era}");
    }
}

#[tokio::test]
async fn progress_is_reported_while_rows_are_checked() {
    let fake = serve(Era::Y2026, empty()).await;
    let rows = rows(1_100);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let heard = seen.clone();
    let import = import(&organizations(&fake), &rows).on_event(move |event| {
        if let ImportEvent::Checking { rows } = event {
            heard.lock().unwrap().push(rows);
        }
    });
    import.plan().await.unwrap();
    assert_eq!(*seen.lock().unwrap(), [512, 1_024]);
}

#[tokio::test]
async fn few_rows_are_read_one_by_one_instead_of_listing() {
    let fake = Fake::builder().state(a_third_each()).page_size(1).start().await.unwrap();
    let orgs = organizations(&fake);
    orgs.type_index().await.unwrap();
    let report = import(&orgs, &rows(9)).plan().await.unwrap();
    assert_eq!((counts(&report), report.requests), ([0, 0, 9, 0], 9));
    // For forty rows, up to four pages are listed. A page has one group here.
    let report = import(&orgs, &rows(40)).run().await.unwrap();
    assert_eq!(counts(&report), [10, 20, 10, 0]);
    assert_eq!(requests(&fake, "GET", "/groups/"), 4);
}

#[tokio::test]
async fn invalid_rows_end_an_import_before_anything_is_sent() {
    let (fake, orgs) = start(Era::Y2026, empty()).await;
    let twins = [
        row("a", json!({})).at_line(3),
        row("b", json!({})).at_line(5),
        row("a", json!({"x": 1})).at_line(9),
    ];
    for (rows, reason) in [
        (&twins[..], "rows 3 and 9 have the same group key `a`"),
        (&[row("a", json!({})), row(" ", json!({}))], "the group key is blank"),
        (&[row(&"k".repeat(401), json!({}))], "401 characters"),
        (&[text_row("a", r#"{"x":"\u0000"}"#)], "the property `x` contains a NUL character"),
        (&[text_row("a", r#"{"x":"\ud800"}"#)], "the property `x` contains half of a surrogate pair"),
        (&[text_row("a", r#"{"\udc00":1}"#)], "`\\udc00` contains half of a surrogate pair"),
        (&[row("b", json!({})), text_row("a", r#"{"x":[18446744073709551616]}"#)], "row 2, group `a`"),
        (&[text_row("a", r#"{"x":-9223372036854775809}"#)], "the integer -9223372036854775809"),
        (&[text_row("a", r#"{"x":1e400}"#)], "the number 1e400"),
        (&[text_row("a", r#"{"x":1e22}"#)], "the number 1e22"),
    ] {
        for engine in [Engine::Rest, Engine::Capture] {
            let import = import(&orgs, rows).engine(engine).project_token(token());
            let error = import.run().await.unwrap_err();
            assert!(error.is_invalid_input() && error.to_string().contains(reason), "{error}");
        }
    }
    let unreadable = || [Ok(row("a", json!({}))), Err(std::io::Error::other("line 2 is torn"))].into_iter();
    let error = orgs.import(unreadable).run().await.unwrap_err();
    assert!(error.is_file() && error.to_string().contains("line 2 is torn"), "{error}");
    assert_eq!(fake.journal().len(), 0);

    let (run, outcomes) = recording(import(&orgs, &twins).duplicates(Duplicates::LastWins));
    let report = run.run().await.unwrap();
    assert_eq!((counts(&report), report.superseded), ([2, 0, 0, 0], 1));
    assert_eq!(sorted(&outcomes), ["3 a superseded", "5 b created ", "9 a created x"]);
    assert_eq!(stored(&fake, "a"), json!({"x": 1}));

    let error =
        builder(&fake).build().unwrap().groups("planet").import(|| [Ok(row("a", json!({})))].into_iter());
    assert!(error.run().await.unwrap_err().to_string().contains("has no group type called `planet`"));
}

#[tokio::test]
async fn a_null_can_be_created_and_is_refused_where_rest_cannot_write_it() {
    for era in Era::ALL {
        let state = State { groups: vec![Group::new(0, "b").with("x", 1)], ..empty() };
        let (fake, orgs) = start(era, state).await;
        let rows = [row("a", json!({"x": null})), row("b", json!({"x": null, "y": 1}))];
        let many = [&rows[..], &self::rows(20)].concat();
        for rows in [&rows[..], &many] {
            let plan = import(&orgs, rows).plan().await.unwrap();
            assert_eq!(
                (plan.created, plan.failed),
                (rows.len() as u64 - 1, 1),
                "{era}: a plan says so as well"
            );
        }
        let (run, outcomes) = recording(import(&orgs, &rows));
        let by_events = by_events(&orgs, &many);
        assert_eq!(by_events.plan().await.unwrap().failed, 0, "{era}: events can");
        let blank = [row(" x", json!({}))];
        assert_eq!(import(&orgs, &blank).plan().await.unwrap().failed, 1, "{era}");
        assert_eq!(import(&orgs, &blank).run().await.unwrap().failed, 1, "{era}");
        let report = run.run().await.unwrap();
        assert_eq!(counts(&report), [1, 0, 0, 1], "{era}");
        assert!(!report.is_complete());
        assert!(sorted(&outcomes)[1].contains("the value of `x` is null"), "{:?}", sorted(&outcomes));
        assert_eq!(stored(&fake, "b"), json!({"x": 1}), "{era}: all or nothing");
        // Now the group exists, and nothing has to be written.
        let report = import(&orgs, &rows[..1]).run().await.unwrap();
        assert_eq!(counts(&report), [0, 0, 1, 0], "{era}");
    }
}

#[tokio::test]
async fn an_empty_name_can_be_created_and_is_refused_where_rest_cannot_write_it() {
    for era in Era::ALL {
        let state = State { groups: vec![Group::new(0, "b").with("x", 1)], ..empty() };
        let (fake, orgs) = start(era, state).await;
        let rows = [row("a", json!({"": 1})), row("b", json!({"": 1, "x": 1}))];
        let plan = import(&orgs, &rows).plan().await.unwrap();
        assert_eq!((plan.created, plan.failed), (1, 1), "{era}");
        let (run, outcomes) = recording(import(&orgs, &rows));
        assert_eq!(counts(&run.run().await.unwrap()), [1, 0, 0, 1], "{era}");
        assert!(sorted(&outcomes)[1].contains("the name of a property is empty"), "{:?}", sorted(&outcomes));
        assert_eq!(stored(&fake, "a"), json!({"": 1}), "{era}");
        assert_eq!(stored(&fake, "b"), json!({"x": 1}), "{era}: all or nothing");
        assert_eq!(counts(&import(&orgs, &rows[..1]).run().await.unwrap()), [0, 0, 1, 0], "{era}");
        let by_events = by_events(&orgs, &rows);
        assert!(by_events.run().await.unwrap().is_complete(), "{era}: events can");
        assert_eq!(stored(&fake, "b"), json!({"": 1, "x": 1}), "{era}");
    }
}

#[tokio::test]
async fn a_key_that_expires_stops_the_import_and_the_journal_resumes_it() {
    for era in Era::ALL {
        let (fake, orgs) = start(era, a_third_each()).await;
        let rows = rows(60);
        let (_folder, journal) = journal();
        add_fault(
            &fake,
            json!({
                "kind": "http", "status": 401, "skip": 25, "times": 0, "path": "/groups/",
                "body": {"type": "authentication_error", "code": "authentication_failed", "detail": "expired", "attr": null},
            }),
        );
        let report = import(&orgs, &rows).concurrency(4).journal(&journal).run().await.unwrap();
        let error = stopped(&report);
        assert!(error.is_unauthorized(), "{era}: {error}");
        assert_eq!(report.failed, 0, "{era}: rows that were not done are left, not failed");
        assert!(report.left() > 0 && report.created + report.changed > 0, "{era}: {report:?}");

        fake.clear_faults();
        let done = report.created + report.changed + report.unchanged;
        let report = import(&orgs, &rows).journal(&journal).run().await.unwrap();
        assert_eq!(report.done_before, done, "{era}");
        assert!(report.is_complete() && report.left() == 0, "{era}: {report:?}");
        assert_all_stored(&fake, &rows);
        let created = fake
            .state()
            .activity
            .iter()
            .filter(|a| a.activity == "create_group" && a.name.as_deref() == Some("n"))
            .count();
        assert_eq!(created, 30, "{era}: one entry for each new group");

        // The run has completed and its journal was removed, so other rows are another run.
        assert!(!journal.exists(), "{era}");
        let other = [row("org:001", json!({"n": 2}))];
        let report = import(&orgs, &other).journal(&journal).run().await.unwrap();
        assert_eq!(report.changed, 1, "{era}");
    }
}

/// Another program writes to a group.
fn overwrite(fake: &Fake, key: &str, name: &str, value: &str) {
    let mut state = fake.state();
    let group = state.groups.iter_mut().find(|group| group.group_key == key).unwrap();
    *group = Group::new(0, key).with(name, value);
    fake.put_state(state).unwrap();
}

#[tokio::test]
async fn a_run_after_a_completed_one_begins_anew() {
    for count in [3, 30] {
        let (fake, orgs) = start(Era::Y2026, empty()).await;
        let rows = rows(count);
        let (_folder, journal) = journal();
        let night = || import(&orgs, &rows).journal(&journal).run();
        assert!(night().await.unwrap().is_complete());
        assert!(!journal.exists(), "a completed run removes its journal");
        overwrite(&fake, "org:001", "plan", "changed by others");
        let report = night().await.unwrap();
        assert_eq!((report.changed, report.done_before), (1, 0), "{report:?}");
        assert_all_stored(&fake, &rows);
    }
}

#[tokio::test]
async fn rows_that_the_journal_has_as_done_are_compared_with_the_server() {
    for count in [4, 40] {
        for engine in [Engine::Rest, Engine::Capture] {
            let (fake, orgs) = start(Era::Y2026, empty()).await;
            let rows = rows(count);
            let (_folder, journal) = journal();
            let run = || {
                import(&orgs, &rows).journal(&journal).engine(engine).project_token(token()).concurrency(1)
            };
            // The last row fails.
            let refused = Fault { skip: count as u64 - 1, ..Fault::http(400) }.on("POST", "/groups/$");
            fake.add_faults([refused]).unwrap();
            let report = run().engine(Engine::Rest).run().await.unwrap();
            assert_eq!((report.failed, journal.exists()), (1, true), "{report:?}");
            overwrite(&fake, "org:001", "plan", "changed by others");
            let report = run().run().await.unwrap();
            assert!(report.is_complete() && report.left() == 0, "{report:?}");
            assert_eq!(report.done_before, count as u64 - 2, "{engine:?}: {report:?}");
            assert_all_stored(&fake, &rows);
        }
    }
}

#[tokio::test]
async fn a_stopped_import_resumes_without_repeating_writes() {
    let (fake, orgs) = start(Era::Y2026, empty()).await;
    let rows = rows(200);
    let (_folder, journal) = journal();
    let run = import(&orgs, &rows).concurrency(4).journal(&journal);
    let run = stopping(run, |event| matches!(event, ImportEvent::Row { line: 50.., .. }));
    let report = run.run().await.unwrap();
    assert!(matches!(report.stopped, Some(Stopped::Cancelled)), "{report:?}");
    assert!(report.created >= 50 && report.left() > 0, "{report:?}");
    assert!(report.not_compared <= report.left(), "{report:?}");
    let stored_then = fake.state().groups.len() as u64;
    assert_eq!(stored_then, report.created, "those under way came to their end");
    let report = import(&orgs, &rows).journal(&journal).run().await.unwrap();
    assert_eq!((report.done_before, report.created), (stored_then, 200 - stored_then));
    assert_all_stored(&fake, &rows);
}

#[tokio::test]
async fn a_stopped_server_stops_the_import_instead_of_failing_every_row() {
    let (fake, orgs) = start(Era::Y2026, empty()).await;
    let all = rows(300);
    add_fault(&fake, json!({"kind": "drop", "skip": 40, "times": 0}));
    let report = import(&orgs, &all).run().await.unwrap();
    let error = stopped(&report);
    assert!(error.is_interrupted() && error.to_string().contains("20 consecutive rows failed"), "{error}");
    assert!(report.failed == 19 && report.left() > 200, "{report:?}");

    fake.shutdown().await;
    let error = import(&orgs, &all).run().await.unwrap_err();
    assert!(error.is_connect(), "{error}");
}

/// The next `times` creates fail with 500, but reads succeed.
fn refuse_to_create(fake: &Fake, times: u64) {
    fake.add_faults([Fault { times, ..Fault::crash() }.on("POST", "/groups/$")]).unwrap();
}

#[tokio::test]
async fn failing_rows_do_not_stop_the_others_while_the_server_works() {
    let fake = serve(Era::Y2026, empty()).await;
    let orgs = without_retries(&fake);
    let rows = rows(100);
    let (_folder, journal) = journal();
    for failing in [60, 60, 0] {
        fake.clear_faults();
        if failing > 0 {
            refuse_to_create(&fake, failing);
        }
        let report = import(&orgs, &rows).concurrency(1).journal(&journal).run().await.unwrap();
        assert!(report.stopped.is_none(), "{report:?}");
        assert_eq!((report.failed, report.left()), (failing, 0), "{report:?}");
        assert_eq!(fake.state().groups.len(), 100 - failing as usize);
    }
    assert_all_stored(&fake, &rows);
}

#[tokio::test]
async fn rows_that_failed_in_an_earlier_part_come_last() {
    for engine in [Engine::Rest, Engine::Capture] {
        let (fake, orgs) = start(Era::Y2026, empty()).await;
        let rows = rows(7);
        let (_folder, journal) = journal();
        let run = || import(&orgs, &rows).concurrency(1).journal(&journal).verify(false);
        // Two rows fail, two are written, and then the key expires.
        let bad = Fault { times: 2, ..Fault::http(400) }.on("POST", "/groups/$");
        let expired = Fault { skip: 2, times: 0, ..Fault::http(401) }.on("POST", "/groups/$");
        fake.add_faults([bad, expired]).unwrap();
        let report = run().run().await.unwrap();
        assert_eq!((report.created, report.failed, report.left()), (2, 2, 3), "{report:?}");

        fake.clear_faults();
        let (run, outcomes) = recording(run().engine(engine).project_token(token()));
        run.run().await.unwrap();
        let lines: Vec<_> = outcomes
            .lock()
            .unwrap()
            .iter()
            .filter(|line| !line.contains("done"))
            .map(|l| l[..1].to_owned())
            .collect();
        assert_eq!(lines.concat(), "56712", "{engine:?}: {outcomes:?}");
    }
}

#[tokio::test]
async fn a_server_that_fails_every_write_stops_the_import() {
    let fake = serve(Era::Y2026, empty()).await;
    let orgs = without_retries(&fake);
    let rows = rows(1_500);
    refuse_to_create(&fake, 0);
    let report = import(&orgs, &rows).run().await.unwrap();
    let error = stopped(&report);
    assert!(error.to_string().contains("1000 consecutive rows failed"), "{error}");
    assert!(report.failed == 999 && report.left() >= 500, "{report:?}");
}

#[tokio::test]
async fn if_listing_fails_permanently_groups_are_read_one_by_one() {
    let (fake, orgs) = start(Era::Y2026, a_third_each()).await;
    let rows = rows(40);
    fake.add_faults([Fault { times: 0, ..Fault::crash() }.on("GET", "/groups/$")]).unwrap();
    let report = import(&orgs, &rows).verify(true).run().await.unwrap();
    assert_eq!(counts(&report), [10, 20, 10, 0], "{report:?}");
    assert_all_stored(&fake, &rows);
}

#[tokio::test]
async fn a_group_that_cannot_be_listed_does_not_make_a_large_import_read_each_group() {
    for era in Era::ALL {
        let mut state = a_third_each();
        let unreadable = posthog_groups_fake::Properties::parse(r#"{"id":18446744073709551616}"#).unwrap();
        state.groups.push(Group { group_properties: unreadable, ..Group::new(0, "team:7") });
        let fake = serve(era, state).await;
        let rows = rows(1_200);
        let report = import(&organizations(&fake), &rows).plan().await.unwrap();
        assert_eq!(counts(&report), [1_170, 20, 10, 0], "{era}: {report:?}");
        assert!(report.requests < 400, "{era}: {} requests", report.requests);
    }
}

#[tokio::test]
async fn a_group_that_cannot_be_read_back_does_not_prevent_verifying_others() {
    let fake = serve(Era::Y2026, empty()).await;
    let orgs = without_retries(&fake);
    let rows = rows(12);
    // Each group is read once before it is written.
    fake.add_faults([Fault { skip: 12, ..Fault::crash() }.on("GET", "/groups/find/")]).unwrap();
    let report = import(&orgs, &rows).verify(true).verify_within(Duration::ZERO).run().await.unwrap();
    assert_eq!(counts(&report), [11, 0, 0, 1], "{report:?}");
}

#[tokio::test]
async fn faults_in_every_tenth_response_still_give_the_exact_state() {
    for era in Era::ALL {
        let (fake, orgs) = start(era, a_third_each()).await;
        let rows = rows(120);
        let faults = (0..40).map(|n| {
            let kind = [
                json!({"kind": "http", "status": 503}),
                json!({"kind": "drop", "phase": "after"}),
                json!({"kind": "http", "status": 502, "phase": "after"}),
                json!({"kind": "truncate", "framing": "honest"}),
            ][n % 4]
                .clone();
            let mut fault: Fault = serde_json::from_value(kind).unwrap();
            fault.skip = 3 + 10 * n as u64;
            fault
        });
        fake.add_faults(faults).unwrap();
        let report = import(&orgs, &rows).run().await.unwrap();
        assert_eq!(counts(&report), [90, 20, 10, 0], "{era}: {report:?}");
        assert_all_stored(&fake, &rows);
        for n in 0..10 {
            let key = format!("org:{n:03}");
            assert!(
                !fake.state().activity.iter().any(|a| a.group_key == key),
                "{era}: {key} was not to be written"
            );
        }
    }
}

#[tokio::test]
async fn events_reach_the_same_state_in_a_few_requests() {
    for era in Era::ALL {
        let (fake, orgs) = start(era, a_third_each()).await;
        let mut rows = rows(40);
        rows.push(row(" blank ", json!({"null": null, "big": 1})));
        let (run, outcomes) = recording(by_events(&orgs, &rows));
        let report = run.run().await.unwrap();
        assert_eq!(counts(&report), [11, 20, 10, 0], "{era}: {report:?}");
        // The group types and the list, one batch, the group types again for their names, and the verification.
        assert!(report.requests <= 4 + 31, "{era}: {}", report.requests);
        assert_eq!(requests(&fake, "POST", "/batch/"), 1, "{era}");
        assert_eq!(sorted(&outcomes)[15], "16 org:015 changed plan");
        assert_all_stored(&fake, &rows);
        assert_eq!(stored(&fake, "org:015")["other"], "stays");
        let batch = fake.journal().into_iter().find(|e| e.path == "/batch/").unwrap();
        assert!(!batch.headers.contains_key("authorization"), "the personal key goes to the API only");
        assert_eq!(batch.headers["content-encoding"], "gzip");

        let again = by_events(&orgs, &rows).run().await.unwrap();
        assert_eq!(counts(&again), [0, 0, 41, 0], "{era}");
        assert_eq!(requests(&fake, "POST", "/batch/"), 1, "{era}: nothing to send");
    }
}

#[tokio::test]
async fn events_that_do_not_arrive_are_reported_and_not_in_the_journal() {
    let state = State { capture_quota_exceeded: true, ..empty() };
    let (fake, orgs) = start(Era::Y2026, state.clone()).await;
    let rows = rows(20);
    let (_folder, journal) = journal();
    let events = || by_events(&orgs, &rows).journal(&journal).verify_within(Duration::from_millis(300));
    let (run, outcomes) = recording(events());
    let report = run.run().await.unwrap();
    assert_eq!((report.failed, report.stopped.is_none()), (20, true), "{report:?}");
    assert!(
        sorted(&outcomes)[0]
            .contains("the event was accepted, but the group does not have the expected properties")
    );
    fake.put_state(State { capture_quota_exceeded: false, ..state }).unwrap();
    let report = events().run().await.unwrap();
    assert_eq!((report.created, report.done_before), (20, 0), "{report:?}");

    let report = by_events(&orgs, &[row("x", json!({}))]).verify(false).run().await.unwrap();
    assert_eq!((report.sent, report.is_complete()), (1, true), "{report:?}");
}

#[tokio::test]
async fn a_host_for_events_that_rejects_them_stops_the_import_and_the_key_is_not_shown() {
    let (fake, orgs) = start(Era::Y2026, empty()).await;
    let rows = rows(12);
    let with_token = |token| by_events(&orgs, &rows).project_token(ProjectToken::new(token).unwrap());
    let error = import(&orgs, &rows).engine(Engine::Capture).run().await.unwrap_err();
    assert!(error.is_invalid_input() && error.to_string().contains("phc_..."), "{error}");
    let secret = format!("phc_{}", "s".repeat(80));
    let report = with_token(&secret).run().await.unwrap();
    let error = stopped(&report);
    assert!(error.is_unauthorized() && error.to_string().contains("API key is not valid"), "{error}");
    assert!(!format!("{error} {error:?} {report:?}").contains(&secret));

    // Half of the key would be at the end of the truncated response.
    let secret = "phc_0123456789abcdef";
    let echo = format!("{}{secret}", " no".repeat(63));
    add_fault(
        &fake,
        json!({
            "kind": "http", "status": 400, "path": "/batch/", "times": 0, "body": echo, "content_type": "text/plain",
        }),
    );
    let report = with_token(secret).run().await.unwrap();
    let error = stopped(&report);
    assert!(error.to_string().contains(" no no") && !error.to_string().contains("phc_"), "{error}");

    fake.clear_faults();
    // A proxy with a lower limit than the server: only quarters of the batch are accepted.
    add_fault(&fake, json!({"kind": "http", "status": 503, "path": "/batch/"}));
    add_fault(&fake, json!({"kind": "http", "status": 413, "path": "/batch/", "times": 3}));
    let report = with_token("phc_1").run().await.unwrap();
    assert_eq!(report.created, 12, "{report:?}");

    let elsewhere = with_token("phc_1").capture_host("http://events.example.com");
    assert!(!format!("{elsewhere:?}").contains("phc_1"));
}

#[tokio::test]
async fn written_groups_are_read_again_if_requested() {
    for era in Era::ALL {
        let (_fake, orgs) = start(era, a_third_each()).await;
        let rows = rows(40);
        let (run, outcomes) = recording(import(&orgs, &rows).concurrency(1).verify(true));
        let report = run.run().await.unwrap();
        assert_eq!(counts(&report), [10, 20, 10, 0], "{era}");
        assert!(sorted(&outcomes)[25].ends_with("changed plan"), "{:?}", sorted(&outcomes));
        assert_eq!(report.requests, 2 + 10 + 20 * 2 + 1 + 30, "{era}");
    }
}

#[tokio::test]
async fn verification_waits_for_events_that_take_effect_later() {
    let hour = Duration::from_secs(3_600);
    for (rows, era) in [(rows(30), Era::Y2025), (rows(30), Era::Y2026), (rows(400), Era::Y2026)] {
        for (late, within) in [(hour, Duration::ZERO), (Duration::from_millis(300), hour)] {
            let fake = Fake::builder().era(era).state(empty()).ingestion_delay(late).start().await.unwrap();
            let run = by_events(&organizations(&fake), &rows);
            let began = std::time::Instant::now();
            let report = run.verify_within(within).run().await.unwrap();
            if within.is_zero() {
                assert_eq!(report.failed, rows.len() as u64, "{era}: nothing has arrived yet");
            } else {
                assert!(report.is_complete() && began.elapsed() >= late, "{era}: {report:?}");
                assert_all_stored(&fake, &rows);
            }
        }
    }
}

#[tokio::test]
async fn a_list_that_lags_behind_causes_no_duplicate_writes() {
    let late = Duration::from_secs(600);
    let fake = Fake::builder().state(empty()).list_delay(late).start().await.unwrap();
    let orgs = organizations(&fake);
    let rows = rows(30);
    let report = import(&orgs, &rows).run().await.unwrap();
    assert_eq!(counts(&report), [30, 0, 0, 0]);
    let entries = fake.state().activity.len();
    // The list does not include them yet.
    let (run, outcomes) = recording(import(&orgs, &rows));
    let report = run.run().await.unwrap();
    assert_eq!(counts(&report), [0, 0, 30, 0], "{:?}", sorted(&outcomes));
    assert_eq!(fake.state().activity.len(), entries);
    // The list does not include the changes either, but reading the groups does.
    let changed: Vec<_> = rows.iter().map(|row| self::row(&row.key, json!({"plan": "scale"}))).collect();
    let report = import(&orgs, &changed).verify(true).run().await.unwrap();
    assert_eq!(counts(&report), [0, 30, 0, 0]);
}

#[tokio::test]
async fn two_consecutive_failures_end_neither_a_long_list_nor_an_import() {
    for era in Era::ALL {
        let (fake, orgs) = start(era, a_third_each()).await;
        orgs.type_index().await.unwrap();
        let breaks = || Fault { times: 3, ..Fault::crash() };
        fake.add_faults([breaks()]).unwrap();
        assert!(orgs.list().stream().next().await.unwrap().unwrap_err().is_server_error(), "{era}");
        fake.clear_faults();
        fake.add_faults([breaks()]).unwrap();
        let mut groups = 0;
        let mut all = orgs.export().stream();
        while let Some(group) = all.next().await {
            group.unwrap();
            groups += 1;
        }
        assert_eq!(groups, 30, "{era}");
        fake.add_faults([breaks()]).unwrap();
        let report = import(&orgs, &rows(40)).run().await.unwrap();
        assert_eq!(counts(&report), [10, 20, 10, 0], "{era}");
    }
}

/// An import whose rows are `first` in the first pass and `later` afterwards.
fn changing<'r>(
    orgs: &Groups,
    first: &'r [ImportRow],
    later: &'r [ImportRow],
) -> Import<impl Fn() -> std::vec::IntoIter<std::io::Result<ImportRow>> + 'r> {
    let passes = std::sync::atomic::AtomicUsize::new(0);
    orgs.import(move || {
        let is_first = passes.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0;
        let rows = if is_first { first } else { later };
        rows.iter().cloned().map(Ok).collect::<Vec<_>>().into_iter()
    })
}

#[tokio::test]
async fn rows_that_change_between_passes_are_detected() {
    let (fake, orgs) = start(Era::Y2026, a_third_each()).await;
    // The first ten groups match.
    let rows = rows(20);
    let mut another = rows.clone();
    another[3] = row("org:003", json!({"n": 3, "plan": "scale"}));
    let mut swapped = rows.clone();
    swapped.swap(2, 5);
    let mut longer = rows.clone();
    longer.push(rows[0].clone());
    for (later, words) in [
        (&another[..], "row 4 is different"),
        (&swapped[..], "row 3 is different"),
        (&longer[..], "row 21 is different"),
        (&rows[..7], "13 rows are missing"),
        (&[], "20 rows are missing"),
    ] {
        let report = changing(&orgs, &rows, later).run().await.unwrap();
        let error = stopped(&report);
        assert!(error.is_invalid_input() && error.to_string().contains(words), "{words}: {error}");
        assert!(!report.is_complete());
    }
    // The changed row is not recorded as done in the journal.
    let (_folder, journal) = journal();
    changing(&orgs, &rows, &another).journal(&journal).run().await.unwrap();
    let report = import(&orgs, &another).journal(&journal).accept_changed_input(true).run().await.unwrap();
    assert!(report.is_complete(), "{report:?}");
    assert_all_stored(&fake, &another);
}

#[tokio::test]
async fn an_import_can_be_stopped_during_a_server_wait() {
    let fake = serve(Era::Y2026, empty()).await;
    add_fault(&fake, json!({"kind": "http", "status": 429, "times": 0, "headers": {"Retry-After": "3600"}}));
    let orgs = organizations(&fake);
    let rows = rows(3);
    let run = import(&orgs, &rows).until(tokio::time::sleep(Duration::from_millis(200))).run();
    let report = tokio::time::timeout(Duration::from_secs(10), run).await.unwrap().unwrap();
    assert!(matches!(report.stopped, Some(Stopped::Cancelled)), "{report:?}");
    assert_eq!((report.left(), report.not_compared), (3, 3));
}

#[tokio::test]
async fn an_import_can_be_stopped_among_unchanged_rows() {
    let groups = vec![Group::new(0, "org:000").with("n", 0).with("plan", "free")];
    let (_fake, orgs) = start(Era::Y2026, State { groups, ..empty() }).await;
    // All rows except the last are superseded.
    let mut rows = vec![rows(1).remove(0); 5_000];
    rows.iter_mut().zip(1..).for_each(|(row, line)| row.line = line);
    let run = import(&orgs, &rows).duplicates(Duplicates::LastWins);
    let run = stopping(run, |event| matches!(event, ImportEvent::Row { .. }));
    let report = run.run().await.unwrap();
    assert!(matches!(report.stopped, Some(Stopped::Cancelled)), "{report:?}");
    assert!(report.left() > 0, "{report:?}");
}

#[tokio::test]
async fn an_event_that_is_too_large_fails_without_affecting_others() {
    let (fake, orgs) = start(Era::Y2026, empty()).await;
    let rows = rows(4);
    // The four and the first two; then, behind the last two, the first.
    let too_large = |skip, times| Fault { skip, times, ..Fault::http(413) }.on("POST", "/batch/");
    fake.add_faults([too_large(0, 2), too_large(1, 1)]).unwrap();
    let (run, outcomes) = recording(by_events(&orgs, &rows));
    let report = run.run().await.unwrap();
    assert_eq!((counts(&report), report.stopped.is_none()), ([3, 0, 0, 1], true), "{report:?}");
    assert!(sorted(&outcomes)[0].starts_with("1 org:000 failed"), "{:?}", sorted(&outcomes));
    assert_eq!(fake.state().groups.len(), 3);
}

#[tokio::test]
async fn a_batch_that_is_refused_is_halved_until_the_bad_rows_are_found() {
    let (_fake, orgs) = start(Era::Y2026, empty()).await;
    for (bad, most_requests) in
        [(&[][..], 3), (&[7][..], 3 + 2 * 10), (&[0, 1, 2, 999, 1_500], 3 + 5 * 2 * 10)]
    {
        let host = CaptureHost::start(bad.iter().map(|n| format!("org:{n:03}")).collect()).await;
        let rows = rows(2_500);
        let (run, outcomes) = recording(by_events(&orgs, &rows));
        let report = run.capture_host(&host.url).verify(false).run().await.unwrap();
        assert!(report.stopped.is_none(), "{report:?}");
        assert_eq!((report.failed, report.sent), (bad.len() as u64, 2_500 - bad.len() as u64));
        let outcomes = sorted(&outcomes);
        for n in bad {
            assert!(
                outcomes[*n as usize].contains("failed") && outcomes[*n as usize].contains("bad event"),
                "{n}"
            );
        }
        assert_eq!(host.accepted().len(), 2_500 - bad.len(), "each good row once");
        assert!(host.requests() <= most_requests, "{} requests for {bad:?}", host.requests());
    }
}

#[tokio::test]
async fn a_host_that_refuses_every_event_stops_it_after_few_requests() {
    let (_fake, orgs) = start(Era::Y2026, empty()).await;
    for count in [2, 12, 5_000] {
        let rows = rows(count);
        let host = CaptureHost::start(rows.iter().map(|row| row.key.clone()).collect()).await;
        let run = by_events(&orgs, &rows);
        let report = run.capture_host(&host.url).verify(false).run().await.unwrap();
        let error = stopped(&report);
        assert!(error.status() == Some(400) && error.to_string().contains("bad event"), "{error}");
        assert_eq!((report.failed, report.left()), (0, count as u64));
        assert!(host.requests() <= 64, "{count}: {} requests", host.requests());
    }
    // If a single row is rejected, only that row fails.
    let host = CaptureHost::start(["org:000".to_owned()].into()).await;
    let rows = rows(1);
    let run = by_events(&orgs, &rows);
    let report = run.capture_host(&host.url).verify(false).run().await.unwrap();
    assert_eq!((report.failed, report.stopped.is_none()), (1, true), "{report:?}");
}

#[tokio::test]
async fn an_answer_of_capture_that_is_too_large_or_a_web_page_is_an_error() {
    let fake = serve(Era::Y2026, empty()).await;
    let orgs = client(&fake).with_options(|o| o.max_response_size(10_000)).groups("organization");
    let rows = rows(2);
    for (body, content_type, words) in [
        ("x".repeat(100_000), "text/plain", "10000 bytes"),
        ("<html>Log in</html>".to_owned(), "text/html", "the response is not JSON"),
    ] {
        fake.clear_faults();
        add_fault(
            &fake,
            json!({
                "kind": "http", "status": 200, "path": "/batch/", "times": 0, "body": body, "content_type": content_type,
            }),
        );
        let report = by_events(&orgs, &rows).verify(false).run().await.unwrap();
        let error = stopped(&report);
        assert!(error.is_decode() && error.to_string().contains(words), "{error}");
        assert_eq!(report.sent, 0);
    }
}

#[tokio::test]
async fn a_host_for_events_with_https_gets_tls_although_the_instance_has_plain_http() {
    let fake = serve(Era::Y2026, empty()).await;
    let orgs = without_retries(&fake);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let first_bytes = tokio::spawn(async move {
        let mut first = Vec::new();
        for _ in 0..8 {
            let (mut connection, _) = listener.accept().await.unwrap();
            let mut bytes = vec![0; 2_048];
            let length = connection.read(&mut bytes).await.unwrap();
            first.push(bytes[..length].to_vec());
        }
        first
    });
    let rows = rows(2);
    let run = by_events(&orgs, &rows).capture_host(url);
    let report =
        tokio::time::timeout(Duration::from_secs(300), run.verify(false).run()).await.unwrap().unwrap();
    assert!(matches!(&report.stopped, Some(Stopped::Error(error)) if error.is_connect()), "{report:?}");
    for bytes in first_bytes.await.unwrap() {
        // A handshake, its version, its length, and the hello of a client.
        assert_eq!((bytes[0], bytes[1], bytes[5]), (0x16, 3, 1), "{bytes:?}");
        assert!(!bytes.windows(4).any(|four| four == b"phc_"));
    }
}

#[tokio::test]
async fn rows_that_are_known_to_differ_are_sent_without_a_list() {
    for era in Era::ALL {
        let (fake, orgs) = start(era, a_third_each()).await;
        let all = rows(40);
        let folder = tempfile::tempdir().unwrap();
        let part = |rows| {
            let import = by_events(&orgs, rows).verify(false);
            import.compare(false).run_id("2026-11-25").journal(folder.path())
        };
        let report = part(&all[..20]).run().await.unwrap();
        // Group types twice, and a batch.
        assert_eq!((report.sent, report.requests), (20, 3), "{era}");
        assert_eq!(part(&all[20..]).run().await.unwrap().requests, 2, "{era}");
        assert_eq!(requests(&fake, "GET", "/groups/"), 0, "{era}");
        assert_all_stored(&fake, &all);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "journals of completed runs");

        // Two parts are interrupted. Each has its own journal, and does not send rows again that are done.
        let refused = Fault { times: 0, skip: 1, ..Fault::http(401) }.on("POST", "/batch/");
        let many = rows(3_000);
        for rows in [&many[..1_500], &many[1_500..]] {
            fake.clear_faults();
            fake.add_faults([refused.clone()]).unwrap();
            let report = part(rows).run().await.unwrap();
            assert_eq!((report.sent, report.left()), (1_000, 500), "{era}: {report:?}");
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "{era}");
        fake.clear_faults();
        for rows in [&many[..1_500], &many[1_500..]] {
            let report = part(rows).run().await.unwrap();
            assert_eq!((report.sent, report.done_before), (500, 1_000), "{era}: {report:?}");
        }
        assert_all_stored(&fake, &many);
    }
}

#[tokio::test]
async fn an_event_has_one_uuid_however_often_its_run_sends_it() {
    let (_fake, orgs) = start(Era::Y2026, empty()).await;
    let host = CaptureHost::start(Default::default()).await;
    let all = rows(40);
    for (rows, id) in [(&all[..], "a"), (&all[20..], "a"), (&all[..1], "b")] {
        let import = by_events(&orgs, rows).verify(false);
        import.compare(false).capture_host(&host.url).run_id(id).run().await.unwrap();
    }
    let sent: Vec<_> = host.accepted();
    let different: std::collections::HashSet<_> = sent.iter().collect();
    assert_eq!((sent.len(), different.len()), (61, 41));
}

#[tokio::test]
async fn any_duration_can_be_set_for_verification() {
    let (_fake, orgs) = start(Era::Y2026, empty()).await;
    let report = import(&orgs, &rows(3)).verify(true).verify_within(Duration::MAX).run().await.unwrap();
    assert_eq!(report.created, 3);
}

#[tokio::test]
async fn verification_ends_in_time_even_if_reads_are_slow() {
    let state = State { capture_quota_exceeded: true, ..empty() };
    let (fake, orgs) = start(Era::Y2026, state).await;
    add_fault(&fake, json!({"kind": "slow", "delay": 1.0, "times": 0, "path": "/groups/find/"}));
    let began = std::time::Instant::now();
    let all = rows(2);
    let report = by_events(&orgs, &all).verify_within(Duration::from_millis(2_500)).run().await.unwrap();
    assert_eq!(report.failed, 2, "{report:?}");
    // Two seconds for the first verification of both; the second one is interrupted.
    assert!(began.elapsed() < Duration::from_millis(3_600), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_rejected_import_leaves_no_journal_and_keeps_an_existing_one() {
    let (fake, orgs) = start(Era::Y2026, empty()).await;
    let rows = rows(12);
    let (_folder, journal) = journal();
    add_fault(&fake, json!({"kind": "http", "status": 401, "path": "/groups/$"}));
    import(&orgs, &rows).journal(&journal).run().await.unwrap_err();
    assert!(!journal.exists());

    add_fault(&fake, json!({"kind": "slow", "delay": 0.6, "path": "/groups/$", "method": "GET"}));
    let second = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let error = import(&orgs, &rows).journal(&journal).run().await.unwrap_err();
        assert!(error.to_string().contains("in use by another import"), "{error}");
        assert!(journal.exists());
    };
    let (report, ()) = tokio::join!(import(&orgs, &rows).journal(&journal).run(), second);
    assert!(report.unwrap().is_complete());
}

#[tokio::test]
async fn going_back_to_earlier_rows_writes_them_again() {
    let (fake, orgs) = start(Era::Y2026, empty()).await;
    let (_folder, journal) = journal();
    let (first, second) = ([row("a", json!({"x": 1}))], [row("a", json!({"x": 2}))]);
    for rows in [&first, &second, &first] {
        assert!(import(&orgs, rows).journal(&journal).run().await.unwrap().is_complete());
        assert_all_stored(&fake, rows);
    }
}

#[tokio::test]
async fn an_import_larger_than_memory_has_the_same_result() {
    for era in Era::ALL {
        for engine in [Engine::Rest, Engine::Capture] {
            let mut all = Vec::new();
            for memory in [0, 1 << 20] {
                let fake = Fake::builder().era(era).state(a_third_each()).page_size(7).start().await.unwrap();
                let orgs = organizations(&fake);
                let mut rows = rows(300);
                rows.push(row("org:015", json!({"plan": "scale"})));
                let error = import(&orgs, &rows).memory(memory).run().await.unwrap_err();
                assert!(
                    error.to_string().contains("rows 16 and 301 have the same group key `org:015`"),
                    "{error}"
                );
                let run = || {
                    let run = import(&orgs, &rows)
                        .engine(engine)
                        .project_token(token())
                        .verify(true)
                        .concurrency(1);
                    recording(run.memory(memory).duplicates(Duplicates::LastWins))
                };
                let (plan, planned) = run();
                let plan = plan.plan().await.unwrap();
                let (write, outcomes) = run();
                let report = write.run().await.unwrap();
                assert_eq!(counts(&report), [270, 20, 10, 0], "{era} {engine:?} {memory}: {report:?}");
                assert_eq!((counts(&plan), report.superseded), (counts(&report), 1));
                let (again, unchanged) = run();
                assert_eq!(counts(&again.run().await.unwrap()), [0, 0, 300, 0]);
                assert_eq!(stored(&fake, "org:015")["plan"], "scale");
                all.push([sorted(&planned), sorted(&outcomes), sorted(&unchanged)]);
            }
            assert_eq!(all[0], all[1], "{era} {engine:?}");
        }
    }
}

#[tokio::test]
async fn a_changed_row_costs_one_request_if_the_list_is_consistent() {
    // A single page does not show the version of the server.
    for (era, page_size, reads) in [(Era::Y2025, 10, 0), (Era::Y2025, 100, 20), (Era::Y2026, 10, 20)] {
        let fake = Fake::builder().era(era).state(a_third_each()).page_size(page_size).start().await.unwrap();
        let orgs = organizations(&fake);
        let rows = rows(40);
        let report = import(&orgs, &rows).concurrency(1).run().await.unwrap();
        assert_eq!(counts(&report), [10, 20, 10, 0], "{era}: {report:?}");
        assert_eq!(requests(&fake, "GET", "/groups/find/"), reads, "{era}, {page_size} groups a page");
        assert_eq!(requests(&fake, "POST", "/groups/update_property/"), 20, "{era}");
        assert_all_stored(&fake, &rows);
        assert_eq!(stored(&fake, "org:015")["other"], "stays", "{era}");
    }
}
