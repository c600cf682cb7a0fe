//! The registry: every kind of change by name.

use serde::Serialize;

/// One kind of change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Kind {
    /// The name that changes carry. Stable: a kind may be added, but none gets another meaning.
    pub name: &'static str,
    /// What it is, in one line.
    pub summary: &'static str,
}

/// All kinds of changes.
///
/// ```
/// use openapi_ledger::diff::kinds;
///
/// assert!(kinds().iter().any(|kind| kind.name == "property-removed"));
/// ```
pub fn kinds() -> &'static [Kind] {
    ALL
}

/// Declares the kinds as constants and lists them, so that none can be left out of the list.
macro_rules! kinds {
    ($($id:ident: $name:literal, $summary:literal;)*) => {
        $(pub(super) const $id: Kind = Kind { name: $name, summary: $summary };)*
        static ALL: &[Kind] = &[$($id),*];
    };
}

kinds! {
    OPERATION_ADDED: "operation-added", "an operation that did not exist";
    OPERATION_REMOVED: "operation-removed", "an operation that no longer exists";
    OPERATION_MOVED: "operation-moved", "the same `operationId` at another path or method";
    OPERATION_ID_CHANGED: "operation-id-changed", "another `operationId`, which names the generated method";
    PATH_PARAMETER_RENAMED: "path-parameter-renamed", "a path with another name between its braces";
    PARAMETER_ADDED: "parameter-added", "a parameter that did not exist";
    PARAMETER_REMOVED: "parameter-removed", "a parameter that no longer exists";
    PARAMETER_RENAMED: "parameter-renamed", "a parameter that is the same but for its name";
    PARAMETER_MOVED: "parameter-moved", "a parameter that is sent in another place: `in`";
    PARAMETER_REQUIRED: "parameter-required", "a parameter that becomes required or optional";
    PARAMETER_STYLE: "parameter-style", "`style`, `explode`, `allowReserved`, `allowEmptyValue`: how values are written";
    PARAMETER_FORM: "parameter-form", "a change between `schema` and `content`";
    REQUEST_BODY_ADDED: "request-body-added", "a request body where there was none";
    REQUEST_BODY_REMOVED: "request-body-removed", "no request body any more";
    REQUEST_BODY_REQUIRED: "request-body-required", "a request body that becomes required or optional";
    MEDIA_TYPE_ADDED: "media-type-added", "another media type";
    MEDIA_TYPE_REMOVED: "media-type-removed", "a media type that is gone";
    RESPONSE_BODY_ADDED: "response-body-added", "a response with content that had none";
    RESPONSE_BODY_REMOVED: "response-body-removed", "a response without content that had some";
    ENCODING_CHANGED: "encoding-changed", "how the parts of a form are written";
    STATUS_CODE_ADDED: "status-code-added", "a response for a status that was not described";
    STATUS_CODE_REMOVED: "status-code-removed", "no response for a status any more";
    RESPONSE_HEADER_ADDED: "response-header-added", "a response header that was not described";
    RESPONSE_HEADER_REMOVED: "response-header-removed", "a response header that is gone";
    RESPONSE_HEADER_REQUIRED: "response-header-required", "a response header that becomes certain or uncertain";
    LINK_CHANGED: "link-changed", "a link of a response that is new, gone or different";
    CALLBACK_CHANGED: "callback-changed", "a callback that is new, gone or different";
    PROPERTY_ADDED: "property-added", "a property that did not exist";
    PROPERTY_REMOVED: "property-removed", "a property that no longer exists";
    PROPERTY_REQUIRED: "property-required", "a property that becomes required or optional";
    PROPERTY_DIRECTION: "property-direction", "`readOnly` or `writeOnly` of a property";
    TYPE_CHANGED: "type-changed", "another `type`";
    ENVELOPE_CHANGED: "envelope-changed", "a list that is bare now and was a member of an object, or the other way round";
    FORMAT_CHANGED: "format-changed", "another `format`";
    NULLABLE_CHANGED: "nullable-changed", "a value that may be null now, or no longer";
    ENUM_CHANGED: "enum-changed", "an `enum` that appears or goes altogether";
    ENUM_VALUE_ADDED: "enum-value-added", "another allowed value";
    ENUM_VALUE_REMOVED: "enum-value-removed", "a value that is no longer allowed";
    KNOWN_VALUE_ADDED: "known-value-added", "another value in `x-extensible-enum`, the list of values known so far";
    KNOWN_VALUE_REMOVED: "known-value-removed", "a value that is gone from `x-extensible-enum`";
    RANGE_CHANGED: "range-changed", "`minimum`, `maxLength`, `maxItems` and their like";
    PATTERN_CHANGED: "pattern-changed", "another `pattern`";
    DEFAULT_CHANGED: "default-changed", "another `default`";
    ADDITIONAL_PROPERTIES_CHANGED: "additional-properties-changed", "whether and which undescribed members an object may have";
    ITEMS_CHANGED: "items-changed", "the items of a list are described, or no longer";
    COMPOSITION_CHANGED: "composition-changed", "`oneOf`, `anyOf`, `allOf` or `not` appears, goes or is exchanged";
    ALTERNATIVE_ADDED: "alternative-added", "another member of `oneOf` or `anyOf`";
    ALTERNATIVE_REMOVED: "alternative-removed", "a member of `oneOf` or `anyOf` that is gone";
    PART_ADDED: "part-added", "another member of `allOf`";
    PART_REMOVED: "part-removed", "a member of `allOf` that is gone";
    DISCRIMINATOR_CHANGED: "discriminator-changed", "a discriminator that appears, goes or looks at another property";
    MAPPING_CHANGED: "mapping-changed", "which value of the discriminator means which schema";
    REFERENCE_CHANGED: "reference-changed", "a place that refers to another component";
    COMPONENT_RENAMED: "component-renamed", "a schema that has another name, which names the generated type";
    COMPONENT_ADDED: "component-added", "a component that did not exist";
    COMPONENT_REMOVED: "component-removed", "a component that no longer exists";
    UNUSED_COMPONENT_CHANGED: "unused-component-changed", "another content of a component that no operation uses";
    TYPE_NAME_CHANGED: "type-name-changed", "another `title` of a nested schema, which names the generated type";
    SECURITY_ADDED: "security-added", "credentials where none were needed";
    SECURITY_REMOVED: "security-removed", "no credentials where some were needed";
    SECURITY_ALTERNATIVE_ADDED: "security-alternative-added", "another way to authenticate";
    SECURITY_ALTERNATIVE_REMOVED: "security-alternative-removed", "a way to authenticate that is gone";
    SECURITY_SCOPES_CHANGED: "security-scopes-changed", "other scopes in a security requirement";
    SECURITY_SCHEME_ADDED: "security-scheme-added", "a security scheme that did not exist";
    SECURITY_SCHEME_REMOVED: "security-scheme-removed", "a security scheme that no longer exists";
    SECURITY_SCHEME_CHANGED: "security-scheme-changed", "how a security scheme sends or gets credentials";
    REQUIRED_SCOPES_CHANGED: "required-scopes-changed", "the extension for scopes: what a key must be allowed to do";
    IDEMPOTENCY_CHANGED: "idempotency-changed", "the extension for idempotency: whether a call may be repeated";
    AVAILABILITY_CHANGED: "availability-changed", "the extension for availability: since and until when servers have the operation";
    DEPRECATED_CHANGED: "deprecated-changed", "`deprecated` is set or taken back";
    SERVER_ADDED: "server-added", "another server";
    SERVER_REMOVED: "server-removed", "a server that is gone";
    SERVER_VARIABLE_CHANGED: "server-variable-changed", "a variable of a server that is new, gone or different";
    EXTENSION_CHANGED: "extension-changed", "an `x-` field whose meaning is not known here";
    OPENAPI_VERSION_CHANGED: "openapi-version-changed", "another version of OpenAPI";
    TEXT_CHANGED: "text-changed", "title, summary, description, contact, license, link to further reading";
    EXAMPLE_CHANGED: "example-changed", "a sample";
    TAGS_CHANGED: "tags-changed", "tags";
    UNCLASSIFIED: "unclassified", "a change that is not understood, and so counts as breaking";
}
