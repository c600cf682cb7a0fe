//! `contexts`: shows the contexts of the configuration file and the source of each setting, but not the key.

use serde::Serialize;

use crate::arguments::Format;
use crate::connection::Context;
use crate::exit::Failure;
use crate::json_text::pretty;
use crate::output::{Record, json};
use crate::settings::{CHOOSE_CONTEXT, Setting};
use crate::visible::visible;

#[derive(Serialize)]
struct Contexts {
    config_file: Option<String>,
    contexts: Vec<String>,
    settings: Vec<Row>,
}

/// A resolved setting.
#[derive(Serialize)]
struct Row {
    setting: &'static str,
    value: Option<String>,
    source: Option<String>,
}

impl Record for Row {
    const COLUMNS: &'static [&'static str] = &["setting", "value", "from"];

    fn cells(&self) -> Vec<String> {
        let text = |cell: &Option<String>| cell.clone().unwrap_or_else(|| "-".to_owned());
        vec![self.setting.to_owned(), text(&self.value), text(&self.source)]
    }
}

/// The row of a setting.
fn row<T: ToString>(name: &'static str, setting: Option<&Setting<T>>) -> Row {
    Row {
        setting: name,
        value: setting.map(|setting| setting.value.to_string()),
        source: setting.map(|setting| setting.source.to_string()),
    }
}

pub(crate) fn run(context: &Context) -> Result<(), Failure> {
    let settings = &context.settings;
    if let Some(unchosen) = settings.unchosen_context(context.config.as_ref()) {
        context.warn(&format!("{unchosen}; {CHOOSE_CONTEXT}"));
    }
    let rows = vec![
        row("context", settings.context.as_ref()),
        row("host", Some(&settings.host)),
        row("project", Some(&settings.project)),
        row("group_type", settings.group_type.as_ref()),
        row("key", settings.key.as_ref()),
        row("project_token", settings.project_token.as_ref()),
    ];
    let names: Vec<String> = context.config.iter().flat_map(|file| file.contexts.keys().cloned()).collect();
    let path = context.config.as_ref().map(|file| file.path.display().to_string());
    let output = &context.output;
    match output.format() {
        Format::Json => {
            let all = json(&Contexts { config_file: path, contexts: names, settings: rows })?;
            return output.line(&pretty(&all, 0));
        }
        Format::Table => {
            let none = "none; `posthog-groups contexts --help` shows an example";
            let path = path.as_deref().map_or(none.into(), visible);
            output.line(&format!("configuration file  {path}"))?;
            if !names.is_empty() {
                let in_force = settings.context.as_ref().map(|context| &context.value);
                let mark = |name| if Some(name) == in_force { "*" } else { "" };
                let marked: Vec<String> = names.iter().map(|name| format!("{name}{}", mark(name))).collect();
                output.line(&format!("contexts            {}", visible(&marked.join(", "))))?;
            }
            output.line("")?;
        }
        _ => {}
    }
    output.all(rows)
}
