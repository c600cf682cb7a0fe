//! `contexts`: shows the contexts of the configuration file and the source of each setting, but not the key.

use serde::Serialize;

use crate::connection::Context;
use crate::exit::Failure;
use crate::settings::Source;

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

impl crate::output::Record for Row {
    const COLUMNS: &'static [&'static str] = &["setting", "value", "from"];

    fn cells(&self) -> Vec<String> {
        let text = |cell: &Option<String>| cell.clone().unwrap_or_else(|| "-".to_owned());
        vec![self.setting.to_owned(), text(&self.value), text(&self.source)]
    }
}

pub(crate) fn run(context: &Context) -> Result<(), Failure> {
    let settings = &context.settings;
    if let Some(unchosen) = settings.unchosen_context(context.config.as_ref()) {
        context.warn(&format!("{unchosen}; {}", crate::settings::CHOOSE_CONTEXT));
    }
    let row = |setting, value: Option<String>, source: Option<&Source>| Row {
        setting,
        value,
        source: source.map(ToString::to_string),
    };
    let named = |name, setting: &Option<crate::settings::Setting<String>>| {
        row(name, setting.as_ref().map(|s| s.value.clone()), setting.as_ref().map(|s| &s.source))
    };
    let secret = |name, setting: &Option<crate::settings::Setting<crate::key_source::KeySource>>| {
        row(name, setting.as_ref().map(|s| s.value.to_string()), setting.as_ref().map(|s| &s.source))
    };
    let rows = vec![
        named("context", &settings.context),
        row("host", Some(settings.host.value.clone()), Some(&settings.host.source)),
        row("project", Some(settings.project.value.clone()), Some(&settings.project.source)),
        named("group_type", &settings.group_type),
        secret("key", &settings.key),
        secret("project_token", &settings.project_token),
    ];
    let names: Vec<String> = context.config.iter().flat_map(|file| file.contexts.keys().cloned()).collect();
    let path = context.config.as_ref().map(|file| file.path.display().to_string());
    let output = &context.output;
    match output.format() {
        crate::arguments::Format::Json => {
            let all = crate::output::json(&Contexts { config_file: path, contexts: names, settings: rows })?;
            output.line(&crate::json_text::pretty(&all, 0))
        }
        crate::arguments::Format::Table => {
            match &path {
                Some(path) => {
                    output.line(&format!("configuration file  {}", crate::visible::visible(path)))?
                }
                None => output
                    .line("configuration file  none; `posthog-groups contexts --help` shows an example")?,
            }
            if !names.is_empty() {
                let in_force = settings.context.as_ref().map(|c| c.value.as_str());
                let marked = |name: &String| {
                    if Some(name.as_str()) == in_force { format!("{name}*") } else { name.clone() }
                };
                let marked: Vec<String> = names.iter().map(marked).collect();
                output
                    .line(&format!("contexts            {}", crate::visible::visible(&marked.join(", "))))?;
            }
            output.line("")?;
            listed(context, rows)
        }
        _ => listed(context, rows),
    }
}

fn listed(context: &Context, rows: Vec<Row>) -> Result<(), Failure> {
    let mut list = context.output.list();
    rows.into_iter().try_for_each(|row| list.push(row))?;
    list.end()
}
