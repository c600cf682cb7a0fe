//! The registry: every rule with its name, its severity and why it exists.

/// Declares the rules of a linter as constants, and `ALL` as the list of them.
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
            "Tools choose their reading of everything else by this number.";
        UNKNOWN_FIELD: "unknown-field", Error,
            "a field that its OpenAPI object does not have, often a misspelt one",
            "Tools ignore what they do not know, so a misspelt rule is silently no rule.";
        WRONG_TYPE: "wrong-type", Error,
            "a field whose value has the wrong JSON type",
            "Parsers refuse the document or drop the field.";
        MISSING_FIELD: "missing-field", Error,
            "an object without a field that OpenAPI requires",
            "The document is invalid and strict tools refuse it.";
        EMPTY_TEXT: "empty-text", Warning,
            "a required text that is empty",
            "It passes for documentation and documents nothing.";
        REF_SIBLINGS: "ref-siblings", Error,
            "fields beside `$ref`",
            "OpenAPI 3.0 ignores them: what they say holds nowhere.";
        COMPONENT_NAME: "component-name", Error,
            "a component whose name has other characters than A-Z a-z 0-9 . - _",
            "References to it need escapes that tools get wrong.";
        BAD_URL: "bad-url", Error,
            "a URL or an email address that is malformed",
            "Readers and tools follow it.";
        SERVER_URL: "server-url", Error,
            "a server URL that is malformed, or no servers where a list is given",
            "Every request is sent to this URL with a path behind it.";
        SERVER_VARIABLE: "server-variable", Error,
            "a server variable that is undeclared, unused, or has a default outside its enum",
            "The URL cannot be filled in.";
        SERVER_TRAILING_SLASH: "server-trailing-slash", Warning,
            "a server URL that ends in a slash",
            "Clients join server and path as text and then ask for `//...`.";
        DUPLICATE_TAG: "duplicate-tag", Error,
            "two top-level tags of the same name, or one tag twice on an operation",
            "Tag names are keys; the second one overrides or doubles the first.";
        UNDECLARED_TAG: "undeclared-tag", Warning,
            "an operation's tag that the top-level list of tags lacks",
            "Mostly a typing error; the operation lands in a group of its own.";
        MEDIA_TYPE_NAME: "media-type-name", Error,
            "a key of `content` that is no media type",
            "No `Content-Type` will ever match it.";
    }
    References {
        DANGLING_REF: "dangling-ref", Error,
            "a `$ref` whose target does not exist",
            "Whatever should stand there is missing; generators stop.";
        REF_KIND: "ref-kind", Error,
            "a `$ref` that leads to an object of another kind",
            "A response where a schema belongs is read as a schema without rules, or refused.";
        EXTERNAL_REF: "external-ref", Error,
            "a `$ref` into another file or to a URL",
            "This document must stand alone; the generator reads no second one.";
        CYCLIC_REF: "cyclic-ref", Error,
            "references that lead only to one another",
            "There is nothing at the end; tools loop or stop.";
        CYCLIC_COMPOSITION: "cyclic-composition", Error,
            "a schema that contains itself through allOf, oneOf, anyOf or not",
            "To check a value one would have to check the same value first. Recursion through properties or items is fine.";
        UNUSED_COMPONENT: "unused-component", Error,
            "a component that no operation reaches, directly or through others",
            "Dead weight that looks like a promise; often a sign of a reference gone wrong.";
    }
    Operations {
        OPERATION_ID_MISSING: "operation-id-missing", Error,
            "an operation without operationId",
            "It names the generated method; the generator refuses the document.";
        OPERATION_ID_DUPLICATE: "operation-id-duplicate", Error,
            "an operationId that is used twice",
            "It must be unique; two methods cannot have one name.";
        OPERATION_ID_INVALID: "operation-id-invalid", Error,
            "an operationId that is no identifier",
            "Each generator bends it into another name.";
        PATH_DUPLICATE: "path-duplicate", Error,
            "two paths that differ only in the names of their parameters",
            "No request can be told to belong to one of them.";
        PATH_SLASH: "path-slash", Error,
            "a path that does not begin with a slash",
            "It is appended to the server URL as it is.";
        PATH_QUERY: "path-query", Error,
            "a path with a query or fragment",
            "Query parameters are declared as parameters; in a path they are escaped or ignored.";
        PATH_TEMPLATE: "path-template", Error,
            "a path whose braces do not pair, or that names a parameter twice or not at all",
            "It cannot be filled in.";
        PATH_PARAMETER_UNDECLARED: "path-parameter-undeclared", Error,
            "a parameter of the path template that the operation does not declare",
            "Nobody knows what to put there; the generator stops.";
        PATH_PARAMETER_UNUSED: "path-parameter-unused", Error,
            "a declared path parameter that the path does not contain",
            "The caller has to give a value that goes nowhere.";
        PATH_PARAMETER_REQUIRED: "path-parameter-required", Error,
            "a path parameter without `required: true`",
            "A path cannot leave it out; the generator asserts it and panics.";
        PARAMETER_DUPLICATE: "parameter-duplicate", Error,
            "two parameters of the same name and place in one list",
            "One of them overrides the other.";
        PARAMETER_IN: "parameter-in", Error,
            "a parameter whose `in` is none of path, query, header, cookie",
            "Nobody knows where to send it.";
        PARAMETER_SHAPE: "parameter-shape", Error,
            "a parameter or header with both or neither of `schema` and `content`",
            "Its type is ambiguous or unknown.";
        PARAMETER_STYLE: "parameter-style", Error,
            "a `style` that does not exist or does not fit the parameter's place",
            "The value cannot be written down.";
        PARAMETER_HEADER_NAME: "parameter-header-name", Error,
            "a header called Accept, Content-Type or Authorization",
            "OpenAPI ignores such a parameter; media types and security say the same properly.";
        STATUS_CODE: "status-code", Error,
            "a key of `responses` that is no status code, range or `default`",
            "The response is never matched.";
        NO_SUCCESS_RESPONSE: "no-success-response", Error,
            "an operation that describes no success",
            "A client cannot know what it gets; the generated method returns raw bytes.";
        NO_ERROR_RESPONSE: "no-error-response", Error,
            "an operation without any 4xx, 5xx or default response",
            "Every real server refuses sometimes; callers must know in which form.";
        JSON_WITHOUT_SCHEMA: "json-without-schema", Error,
            "a JSON body without schema",
            "Nothing can be decoded or checked; the generator panics on it.";
        NO_CONTENT_WITH_BODY: "no-content-with-body", Error,
            "content in a response whose status forbids a body (1xx, 204, 205, 304)",
            "HTTP drops the body; the client waits for JSON and fails.";
        EMPTY_CONTENT: "empty-content", Error,
            "a request body without any media type",
            "The body has no form.";
        BODY_ON_GET: "body-on-get", Error,
            "a request body on GET, HEAD or TRACE",
            "Proxies and servers drop it.";
        BODY_ON_DELETE: "body-on-delete", Warning,
            "a request body on DELETE",
            "HTTP gives it no meaning; some proxies drop it.";
        LINK_TARGET: "link-target", Error,
            "a link to an operation that does not exist, to two, or to none",
            "It cannot be followed.";
        CALLBACK_EXPRESSION: "callback-expression", Error,
            "a callback URL with a malformed runtime expression",
            "Nobody can work out whom to call.";
    }
    Schemas {
        UNKNOWN_TYPE: "unknown-type", Error,
            "a `type` that is not one of the six of OpenAPI 3.0",
            "Validators refuse it and the generator panics on it.";
        MISSING_TYPE: "missing-type", Warning,
            "keywords of one type in a schema that names no type",
            "They hold for values of that type only, so every other value passes.";
        KEYWORD_TYPE: "keyword-type", Error,
            "a keyword that does not belong to the schema's type",
            "It has no effect, so a limit that someone meant is not there.";
        FORMAT_TYPE: "format-type", Warning,
            "a known `format` of another type",
            "It has no effect there.";
        TYPELESS_NULLABLE: "typeless-nullable", Error,
            "`nullable: true` in a schema without `type`",
            "OpenAPI 3.0.3 gives it no effect; tools disagree about it.";
        NULLABLE_ENUM: "nullable-enum", Error,
            "a nullable enum that does not list null",
            "The enum forbids the null that `nullable` allows.";
        ARRAY_ITEMS: "array-items", Error,
            "an array without `items`",
            "OpenAPI 3.0 requires it; the items have no type.";
        REQUIRED_PROPERTY: "required-property", Error,
            "`required` names a property that is not declared",
            "Mostly a misspelt name: the property that was meant is optional.";
        REQUIRED_LIST: "required-list", Error,
            "an empty `required`, or one with duplicates",
            "JSON Schema as OpenAPI 3.0 uses it forbids both.";
        ENUM_VALUES: "enum-values", Error,
            "an enum that is empty or repeats a value",
            "An empty one admits nothing; repeated values break generated enums.";
        ENUM_TYPE: "enum-type", Error,
            "an enum value that the schema's type does not admit",
            "The value can never occur.";
        BOUNDS: "bounds", Error,
            "a lower bound above its upper bound, or a flag without its bound",
            "No value fits, or the flag has no effect.";
        BOUND_VALUE: "bound-value", Error,
            "a negative length or count, or a `multipleOf` that is not above zero",
            "No value could be measured by it.";
        SCHEMA_SIZE: "schema-size", Error,
            "a schema whose parts, each referring to others several times, unfold beyond all bounds",
            "Validators and generators run out of memory.";
        PATTERN: "pattern", Error,
            "a `pattern` that is no regular expression of ECMA-262",
            "Validators stop on it; the generator refuses it.";
        EMPTY_COMPOSITION: "empty-composition", Error,
            "an empty allOf, oneOf or anyOf",
            "No value fits, or none is refused; the generator panics on it.";
        READ_WRITE_ONLY: "read-write-only", Error,
            "a property that is both readOnly and writeOnly",
            "It may neither be sent nor received.";
        READ_ONLY_REQUIRED: "read-only-required", Warning,
            "a request body that requires a readOnly property",
            "Generators that honour readOnly leave out what the server needs, others send what it refuses.";
        DISCRIMINATOR_TARGET: "discriminator-target", Error,
            "a discriminator's mapping to a schema that does not exist",
            "Values with this tag cannot be decoded.";
        DISCRIMINATOR_VARIANT: "discriminator-variant", Error,
            "a mapping to a schema outside the variants, or a variant that no tag leads to",
            "Tag and variants contradict each other.";
        DISCRIMINATOR_PROPERTY: "discriminator-property", Error,
            "a discriminator's property that a variant does not declare, require or admit",
            "Without the tag a value cannot be told apart.";
        DEFAULT_INVALID: "default-invalid", Error,
            "a default that its own schema refuses",
            "A client that fills it in sends what the server must refuse.";
        EXAMPLE_INVALID: "example-invalid", Error,
            "an example that its schema refuses",
            "Readers copy examples; one of the two is wrong.";
        EXAMPLE_SHAPE: "example-shape", Error,
            "both `example` and `examples`, or an Example Object with two values or none",
            "They exclude each other; tools show either.";
    }
    Security {
        SECURITY_UNDEFINED: "security-undefined", Error,
            "a security requirement that names an undefined scheme",
            "Clients send no credentials.";
        SECURITY_SCOPES: "security-scopes", Error,
            "scopes on a scheme that is neither oauth2 nor openIdConnect, or undeclared ones",
            "OpenAPI 3.0 allows scopes for those two only; strict tools refuse the document.";
        SECURITY_SCHEME: "security-scheme", Error,
            "a security scheme whose fields do not fit its type",
            "Clients cannot tell how to authenticate.";
    }
}
