//! `create`: creates a group.

use posthog_groups::stored_group_key;

use crate::arguments::Create;
use crate::assignment::given;
use crate::connection::Context;
use crate::exit::Failure;
use crate::group_changes::{as_properties, of_setting, show_done, show_dry_run};

pub(crate) async fn run(context: &Context, arguments: &Create) -> Result<(), Failure> {
    if arguments.properties.properties.as_deref() == Some("-") {
        context.check_stdin_is_free("properties", "--properties @FILE")?;
    }
    let wanted = given(&arguments.properties)?;
    let properties = as_properties(&wanted)?;
    let key = stored_group_key(&arguments.key)?;
    if key != arguments.key {
        context.note(&format!(
            "the server removes white space around the key of a new group: the key becomes `{key}`"
        ));
    }
    let groups = context.groups().await?;
    let changes = of_setting(key, None, &wanted);
    if arguments.dry_run {
        if groups.find(key).await?.is_some() {
            return Err(exists(key));
        }
        return show_dry_run(context, changes);
    }
    let group = groups.create(key).properties(properties).send().await;
    match group {
        Ok(group) => show_done(context, &changes, group),
        Err(e) if e.is_already_exists() && e.detail().is_some() => Err(exists(key)),
        Err(e) => Err(e.into()),
    }
}

fn exists(key: &str) -> Failure {
    Failure::failed(format!("a group with the key `{key}` already exists"))
        .help("use `posthog-groups upsert`, which accepts the same options")
}
