//! With the feature `build-time`: generates the bindings while building. Otherwise does nothing.

fn main() {
    #[cfg(feature = "build-time")]
    build_time::generate();
}

#[cfg(feature = "build-time")]
mod build_time {
    use std::env;
    use std::path::PathBuf;

    pub(crate) fn generate() {
        println!("cargo::rerun-if-env-changed=POSTHOG_GROUPS_SPEC");
        let bundled = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
        let spec = env::var_os("POSTHOG_GROUPS_SPEC").map_or(bundled, PathBuf::from);
        println!("cargo::rerun-if-changed={}", spec.display());
        let outcome = posthog_groups_codegen::generate_from_file(&spec).and_then(|text| {
            let folder = env::var_os("OUT_DIR").map(PathBuf::from).unwrap_or_default();
            Ok(posthog_groups_spec::write_atomically(&folder.join("generated.rs"), &text)?)
        });
        if let Err(e) = outcome {
            let cause = std::error::Error::source(&e).map_or(String::new(), |cause| format!(": {cause}"));
            format!("{e}{cause}").lines().for_each(|line| println!("cargo::error={line}"));
        }
    }
}
