//! The registry: every rule with its name, its severity and its reason.

/// Declares the rules of a linter as constants, and the list `ALL` of them.
#[macro_export]
macro_rules! lint_rules {
    ($($group:ident { $($id:ident: $name:literal, $severity:ident, $summary:literal, $reason:literal;)* })*) => {
        $($(pub(crate) const $id: $crate::lint::Rule = $crate::lint::Rule {
            name: $name,
            severity: $crate::lint::Severity::$severity,
            group: $crate::lint::RuleGroup::$group,
            summary: $summary,
            reason: $reason,
        };)*)*
        pub(crate) static ALL: &[$crate::lint::Rule] = &[$($($id),*),*];
    };
}

lint_rules! {
    Structure {
        OPENAPI_VERSION: "openapi-version", Error,
            "`openapi` is not a version 3.0.x",
            "Tools interpret the rest of the document according to this version.";
        UNKNOWN_FIELD: "unknown-field", Error,
            "a field that its OpenAPI object does not have, often misspelled",
            "Tools ignore unknown fields, so a misspelled field silently has no effect.";
        WRONG_TYPE: "wrong-type", Error,
            "a field whose value has the wrong JSON type",
            "Parsers reject the document or ignore the field.";
        MISSING_FIELD: "missing-field", Error,
            "an object without a field that OpenAPI requires",
            "The document is invalid, and strict tools reject it.";
        EMPTY_TEXT: "empty-text", Warning,
            "a required text that is empty",
            "It looks like documentation but does not document anything.";
        REF_SIBLINGS: "ref-siblings", Error,
            "fields next to `$ref`",
            "OpenAPI 3.0 ignores them, so they have no effect.";
        COMPONENT_NAME: "component-name", Error,
            "a component whose name has characters other than A-Z a-z 0-9 . - _",
            "References to it need escapes, which tools often get wrong.";
        BAD_URL: "bad-url", Error,
            "a URL or an email address that is malformed",
            "Readers and tools cannot follow it.";
        SERVER_URL: "server-url", Error,
            "a server URL that is malformed, or an empty list of servers",
            "Every request is sent to this URL followed by a path.";
        SERVER_VARIABLE: "server-variable", Error,
            "a server variable that is undeclared, unused, or has a default outside its enum",
            "The URL cannot be resolved.";
        SERVER_TRAILING_SLASH: "server-trailing-slash", Warning,
            "a server URL that ends with a slash",
            "Clients concatenate server and path, and then request `//...`.";
        DUPLICATE_TAG: "duplicate-tag", Error,
            "two top-level tags with the same name, or a tag that an operation lists twice",
            "Tag names are keys; the second tag overrides or duplicates the first.";
        UNDECLARED_TAG: "undeclared-tag", Warning,
            "an operation's tag that the top-level list of tags lacks",
            "Usually a typo; the operation is listed in a group of its own.";
        MEDIA_TYPE_NAME: "media-type-name", Error,
            "a key of `content` that is not a media type",
            "No `Content-Type` can match it.";
    }
    References {
        DANGLING_REF: "dangling-ref", Error,
            "a `$ref` whose target does not exist",
            "The definition is missing, and generators fail.";
        REF_KIND: "ref-kind", Error,
            "a `$ref` to an object of the wrong kind",
            "For example, a response in place of a schema is interpreted as an empty schema, or rejected.";
        EXTERNAL_REF: "external-ref", Error,
            "a `$ref` into another file or to a URL",
            "This document must be self-contained; the generator does not read other files.";
        CYCLIC_REF: "cyclic-ref", Error,
            "references that form a cycle without a definition",
            "They do not lead to a definition; tools loop or fail.";
        CYCLIC_COMPOSITION: "cyclic-composition", Error,
            "a schema that contains itself through allOf, oneOf, anyOf or not",
            "Checking a value would require checking the same value first. Recursion through properties or items is fine.";
        UNUSED_COMPONENT: "unused-component", Error,
            "a component that no operation reaches, directly or through others",
            "It is not part of the API; often the sign of a wrong reference.";
    }
    Operations {
        OPERATION_ID_MISSING: "operation-id-missing", Error,
            "an operation without operationId",
            "It is the name of the generated method; the generator rejects the document.";
        OPERATION_ID_DUPLICATE: "operation-id-duplicate", Error,
            "an operationId that is used twice",
            "It must be unique, because two methods cannot have the same name.";
        OPERATION_ID_INVALID: "operation-id-invalid", Error,
            "an operationId that is not an identifier",
            "Each generator converts it to a different name.";
        PATH_DUPLICATE: "path-duplicate", Error,
            "two paths that differ only in the names of their parameters",
            "It is ambiguous which of them a request matches.";
        PATH_SLASH: "path-slash", Error,
            "a path that does not begin with a slash",
            "It is appended to the server URL unchanged.";
        PATH_QUERY: "path-query", Error,
            "a path with a query or fragment",
            "Query parameters must be declared as parameters; in a path, they are escaped or ignored.";
        PATH_TEMPLATE: "path-template", Error,
            "a path with unmatched braces, or with a duplicate or empty parameter name",
            "Its parameters cannot be replaced.";
        PATH_PARAMETER_UNDECLARED: "path-parameter-undeclared", Error,
            "a parameter of the path template that the operation does not declare",
            "Its value is unknown, and the generator fails.";
        PATH_PARAMETER_UNUSED: "path-parameter-unused", Error,
            "a declared path parameter that the path does not contain",
            "Callers have to pass a value that is not used.";
        PATH_PARAMETER_REQUIRED: "path-parameter-required", Error,
            "a path parameter without `required: true`",
            "A path cannot leave it out; the generator asserts it and panics.";
        PARAMETER_DUPLICATE: "parameter-duplicate", Error,
            "two parameters with the same name and location in one list",
            "One of them overrides the other.";
        PARAMETER_IN: "parameter-in", Error,
            "a parameter whose `in` is not path, query, header or cookie",
            "Its location in the request is unknown.";
        PARAMETER_SHAPE: "parameter-shape", Error,
            "a parameter or header with both or neither of `schema` and `content`",
            "Its type is ambiguous or unknown.";
        PARAMETER_STYLE: "parameter-style", Error,
            "a `style` that does not exist or is not allowed for the parameter's location",
            "The value cannot be serialized.";
        PARAMETER_HEADER_NAME: "parameter-header-name", Error,
            "a header named Accept, Content-Type or Authorization",
            "OpenAPI ignores such a parameter; use media types and security instead.";
        STATUS_CODE: "status-code", Error,
            "a key of `responses` that is not a status code, a range or `default`",
            "The response never matches.";
        NO_SUCCESS_RESPONSE: "no-success-response", Error,
            "an operation without a success response",
            "The result is unknown; the generated method returns raw bytes.";
        NO_ERROR_RESPONSE: "no-error-response", Error,
            "an operation without any 4xx, 5xx or default response",
            "All servers return errors, and callers must know their format.";
        JSON_WITHOUT_SCHEMA: "json-without-schema", Error,
            "a JSON body without a schema",
            "It can be neither decoded nor checked; the generator panics on it.";
        NO_CONTENT_WITH_BODY: "no-content-with-body", Error,
            "content in a response whose status forbids a body (1xx, 204, 205, 304)",
            "HTTP omits the body, so clients that expect JSON fail.";
        EMPTY_CONTENT: "empty-content", Error,
            "a request body without any media type",
            "The format of the body is unknown.";
        BODY_ON_GET: "body-on-get", Error,
            "a request body on GET, HEAD or TRACE",
            "Proxies and servers ignore it.";
        BODY_ON_DELETE: "body-on-delete", Warning,
            "a request body on DELETE",
            "HTTP does not define it, and some proxies remove it.";
        LINK_TARGET: "link-target", Error,
            "a link to an operation that does not exist, to two operations, or to none",
            "The link cannot be followed.";
        CALLBACK_EXPRESSION: "callback-expression", Error,
            "a callback URL with a malformed runtime expression",
            "The URL of the callback cannot be determined.";
    }
    Schemas {
        UNKNOWN_TYPE: "unknown-type", Error,
            "a `type` that is not one of the six types of OpenAPI 3.0",
            "Validators reject it, and the generator panics on it.";
        MISSING_TYPE: "missing-type", Warning,
            "keywords of one type in a schema without `type`",
            "They apply only to values of that type, so all other values are accepted.";
        KEYWORD_TYPE: "keyword-type", Error,
            "a keyword that does not apply to the schema's type",
            "It has no effect, so an intended limit is missing.";
        FORMAT_TYPE: "format-type", Warning,
            "a known `format` of a different type",
            "It has no effect.";
        TYPELESS_NULLABLE: "typeless-nullable", Error,
            "`nullable: true` in a schema without `type`",
            "It has no effect in OpenAPI 3.0.3, and tools disagree about it.";
        NULLABLE_ENUM: "nullable-enum", Error,
            "a nullable enum that does not list null",
            "The enum forbids the null that `nullable` allows.";
        ARRAY_ITEMS: "array-items", Error,
            "an array without `items`",
            "OpenAPI 3.0 requires it; without it, the items have no type.";
        REQUIRED_PROPERTY: "required-property", Error,
            "`required` names a property that is not declared",
            "Usually a misspelled name; the intended property is then optional.";
        REQUIRED_LIST: "required-list", Error,
            "an empty `required`, or one with duplicates",
            "The JSON Schema version that OpenAPI 3.0 uses forbids both.";
        ENUM_VALUES: "enum-values", Error,
            "an enum that is empty or repeats a value",
            "An empty enum allows no value; repeated values break generated enums.";
        ENUM_TYPE: "enum-type", Error,
            "an enum value that the schema's type does not allow",
            "The value can never occur.";
        BOUNDS: "bounds", Error,
            "a lower bound above the upper bound, or a flag without its bound",
            "No value is valid, or the flag has no effect.";
        BOUND_VALUE: "bound-value", Error,
            "a negative length or count, or a `multipleOf` that is not above zero",
            "It cannot apply to any value.";
        SCHEMA_SIZE: "schema-size", Error,
            "a schema that grows exponentially when its references are resolved",
            "Validators and generators run out of memory.";
        PATTERN: "pattern", Error,
            "a `pattern` that is not a regular expression of ECMA-262",
            "Validators fail on it, and the generator rejects it.";
        EMPTY_COMPOSITION: "empty-composition", Error,
            "an empty allOf, oneOf or anyOf",
            "No value is valid, or all values are; the generator panics on it.";
        READ_WRITE_ONLY: "read-write-only", Error,
            "a property that is both readOnly and writeOnly",
            "It can be neither sent nor received.";
        READ_ONLY_REQUIRED: "read-only-required", Warning,
            "a request body that requires a readOnly property",
            "Generators that honor readOnly omit a property that the server requires; others send a property that it rejects.";
        DISCRIMINATOR_TARGET: "discriminator-target", Error,
            "a discriminator's mapping to a schema that does not exist",
            "Values with this discriminator value cannot be decoded.";
        DISCRIMINATOR_VARIANT: "discriminator-variant", Error,
            "a mapping to a schema that is not a variant, or a variant that no value maps to",
            "The mapping and the variants contradict each other.";
        DISCRIMINATOR_PROPERTY: "discriminator-property", Error,
            "a discriminator property that a variant does not declare, require or allow",
            "Without the property, the variants cannot be distinguished.";
        DEFAULT_INVALID: "default-invalid", Error,
            "a default that is not valid for its schema",
            "A client that fills it in sends a value that the server must reject.";
        EXAMPLE_INVALID: "example-invalid", Error,
            "an example that is not valid for its schema",
            "Readers copy examples; either the example or the schema is wrong.";
        EXAMPLE_SHAPE: "example-shape", Error,
            "both `example` and `examples`, or an Example Object with two values or none",
            "They are mutually exclusive, and tools show either of them.";
    }
    Security {
        SECURITY_UNDEFINED: "security-undefined", Error,
            "a security requirement that names an undefined scheme",
            "Clients send no credentials.";
        SECURITY_SCOPES: "security-scopes", Error,
            "scopes of a scheme that is neither oauth2 nor openIdConnect, or undeclared scopes",
            "OpenAPI 3.0 allows scopes only for these two; strict tools reject the document.";
        SECURITY_SCHEME: "security-scheme", Error,
            "a security scheme with missing or unexpected fields",
            "Clients cannot determine how to authenticate.";
    }
}
