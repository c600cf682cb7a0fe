//! The registry: every kind of change by name.

use serde::Serialize;

/// One kind of change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Kind {
    /// The name in changes. Names are stable: kinds may be added, but the meaning of a name does not change.
    pub name: &'static str,
    /// A description in one line.
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

/// Declares the kinds as constants and as a list, so that the list is complete.
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
    OPERATION_ID_CHANGED: "operation-id-changed", "a different `operationId`, which is the name of the generated method";
    PATH_PARAMETER_RENAMED: "path-parameter-renamed", "a path with a different parameter name";
    PARAMETER_ADDED: "parameter-added", "a parameter that did not exist";
    PARAMETER_REMOVED: "parameter-removed", "a parameter that no longer exists";
    PARAMETER_RENAMED: "parameter-renamed", "a parameter with a different name";
    PARAMETER_MOVED: "parameter-moved", "a parameter with a different location: `in`";
    PARAMETER_REQUIRED: "parameter-required", "a parameter that becomes required or optional";
    PARAMETER_STYLE: "parameter-style", "`style`, `explode`, `allowReserved` or `allowEmptyValue`: the format of values";
    PARAMETER_FORM: "parameter-form", "a change between `schema` and `content`";
    REQUEST_BODY_ADDED: "request-body-added", "a request body where there was none";
    REQUEST_BODY_REMOVED: "request-body-removed", "a request body that no longer exists";
    REQUEST_BODY_REQUIRED: "request-body-required", "a request body that becomes required or optional";
    MEDIA_TYPE_ADDED: "media-type-added", "an additional media type";
    MEDIA_TYPE_REMOVED: "media-type-removed", "a media type that no longer exists";
    RESPONSE_BODY_ADDED: "response-body-added", "a response that now has content";
    RESPONSE_BODY_REMOVED: "response-body-removed", "a response that no longer has content";
    ENCODING_CHANGED: "encoding-changed", "the encoding of the parts of a form";
    STATUS_CODE_ADDED: "status-code-added", "a response for a status that was not described";
    STATUS_CODE_REMOVED: "status-code-removed", "a status that is no longer described";
    RESPONSE_HEADER_ADDED: "response-header-added", "a response header that was not described";
    RESPONSE_HEADER_REMOVED: "response-header-removed", "a response header that no longer exists";
    RESPONSE_HEADER_REQUIRED: "response-header-required", "a response header that becomes required or optional";
    LINK_CHANGED: "link-changed", "a link of a response that was added, removed or changed";
    CALLBACK_CHANGED: "callback-changed", "a callback that was added, removed or changed";
    PROPERTY_ADDED: "property-added", "a property that did not exist";
    PROPERTY_REMOVED: "property-removed", "a property that no longer exists";
    PROPERTY_REQUIRED: "property-required", "a property that becomes required or optional";
    PROPERTY_DIRECTION: "property-direction", "`readOnly` or `writeOnly` of a property";
    TYPE_CHANGED: "type-changed", "another `type`";
    ENVELOPE_CHANGED: "envelope-changed", "a list that changes between a bare list and a property of an object";
    FORMAT_CHANGED: "format-changed", "another `format`";
    NULLABLE_CHANGED: "nullable-changed", "a value that can now be null, or no longer";
    ENUM_CHANGED: "enum-changed", "an `enum` that was added or removed as a whole";
    ENUM_VALUE_ADDED: "enum-value-added", "an additional allowed value";
    ENUM_VALUE_REMOVED: "enum-value-removed", "a value that is no longer allowed";
    KNOWN_VALUE_ADDED: "known-value-added", "an additional value in `x-extensible-enum`, the list of known values";
    KNOWN_VALUE_REMOVED: "known-value-removed", "a value that was removed from `x-extensible-enum`";
    RANGE_CHANGED: "range-changed", "`minimum`, `maxLength`, `maxItems` and similar keywords";
    PATTERN_CHANGED: "pattern-changed", "another `pattern`";
    DEFAULT_CHANGED: "default-changed", "another `default`";
    ADDITIONAL_PROPERTIES_CHANGED: "additional-properties-changed", "the additional properties that an object may have";
    ITEMS_CHANGED: "items-changed", "the description of a list's items was added or removed";
    COMPOSITION_CHANGED: "composition-changed", "`oneOf`, `anyOf`, `allOf` or `not` was added, removed or replaced";
    ALTERNATIVE_ADDED: "alternative-added", "an additional member of `oneOf` or `anyOf`";
    ALTERNATIVE_REMOVED: "alternative-removed", "a member of `oneOf` or `anyOf` that was removed";
    PART_ADDED: "part-added", "an additional member of `allOf`";
    PART_REMOVED: "part-removed", "a member of `allOf` that was removed";
    DISCRIMINATOR_CHANGED: "discriminator-changed", "a discriminator that was added or removed, or uses a different property";
    MAPPING_CHANGED: "mapping-changed", "the mapping from discriminator values to schemas";
    REFERENCE_CHANGED: "reference-changed", "a reference to a different component";
    COMPONENT_RENAMED: "component-renamed", "a schema with a different name, which is the name of the generated type";
    COMPONENT_ADDED: "component-added", "a component that did not exist";
    COMPONENT_REMOVED: "component-removed", "a component that no longer exists";
    UNUSED_COMPONENT_CHANGED: "unused-component-changed", "a change in a component that no operation uses";
    TYPE_NAME_CHANGED: "type-name-changed", "a different `title` of a nested schema, which is the name of the generated type";
    SECURITY_ADDED: "security-added", "credentials that were not required before";
    SECURITY_REMOVED: "security-removed", "credentials that are no longer required";
    SECURITY_ALTERNATIVE_ADDED: "security-alternative-added", "an additional way to authenticate";
    SECURITY_ALTERNATIVE_REMOVED: "security-alternative-removed", "a way to authenticate that no longer exists";
    SECURITY_SCOPES_CHANGED: "security-scopes-changed", "different scopes in a security requirement";
    SECURITY_SCHEME_ADDED: "security-scheme-added", "a security scheme that did not exist";
    SECURITY_SCHEME_REMOVED: "security-scheme-removed", "a security scheme that no longer exists";
    SECURITY_SCHEME_CHANGED: "security-scheme-changed", "the way in which a security scheme sends or obtains credentials";
    REQUIRED_SCOPES_CHANGED: "required-scopes-changed", "the extension for scopes: the permissions that a key requires";
    IDEMPOTENCY_CHANGED: "idempotency-changed", "the extension for idempotency: whether a call can be repeated";
    AVAILABILITY_CHANGED: "availability-changed", "the extension for availability: the period in which servers have the operation";
    DEPRECATED_CHANGED: "deprecated-changed", "`deprecated` was set or removed";
    SERVER_ADDED: "server-added", "another server";
    SERVER_REMOVED: "server-removed", "a server that was removed";
    SERVER_VARIABLE_CHANGED: "server-variable-changed", "a variable of a server that was added, removed or changed";
    EXTENSION_CHANGED: "extension-changed", "an `x-` field with an unknown meaning";
    OPENAPI_VERSION_CHANGED: "openapi-version-changed", "a different version of OpenAPI";
    TEXT_CHANGED: "text-changed", "title, summary, description, contact, license or external documentation";
    EXAMPLE_CHANGED: "example-changed", "a sample";
    TAGS_CHANGED: "tags-changed", "tags";
    UNCLASSIFIED: "unclassified", "a change that is not understood, and therefore counts as breaking";
}
