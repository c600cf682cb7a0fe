//! Extensions of a specification for information that OpenAPI has no field for.

use schemars::JsonSchema;
use serde::Deserialize;

/// The names of a specification's own extensions that [`diff`](crate::diff) and [`compare`](crate::compare) interpret. All other
/// extensions have no known meaning.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Marks {
    /// The extension of an operation that lists the scopes a credential needs, such as `x-required-scopes`.
    #[serde(default)]
    pub scopes: Option<String>,
    /// The extension of an operation that states whether a call can be repeated.
    #[serde(default)]
    pub idempotency: Option<Promises>,
    /// The extension of an operation that states which servers have it: an object with `since` and `until`, which are dates or
    /// years.
    #[serde(default)]
    pub availability: Option<String>,
}

/// An extension whose value is one of several promises.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Promises {
    /// The name of the extension, such as `x-idempotency`.
    pub extension: String,
    /// The values, from the strongest promise to the weakest. Other values promise nothing.
    pub promises: Vec<String>,
}

impl Promises {
    /// The strength of the promise of `value`; 0 means none.
    pub(crate) fn strength(&self, value: Option<&str>) -> usize {
        let position = self.promises.iter().position(|promise| Some(promise.as_str()) == value);
        position.map_or(0, |n| self.promises.len() - n)
    }
}
