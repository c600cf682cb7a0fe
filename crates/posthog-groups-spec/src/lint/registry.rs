//! Our own rules, each with its name, its severity and its reason.

openapi_ledger::lint_rules! {
    Structure {
        EXTENSION_MARK: "extension-mark", Error,
            "an ill-formed `x-required-scopes`, `x-idempotency` or `x-availability`",
            "The client's table of scopes, retries and availability is generated from these extensions.";
    }
    GeneratorFitness {
        GENERATOR_SUCCESS_TYPES: "generator-success-types", Error,
            "success responses with different types, or with and without a body",
            "progenitor asserts one success type for each operation and panics.";
        GENERATOR_REQUEST_MEDIA: "generator-request-media", Error,
            "a request body that does not offer application/json",
            "The projection removes other media types; the generated method would have no body.";
        GENERATOR_RESPONSE_MEDIA: "generator-response-media", Warning,
            "a success response with content, but none of it application/json",
            "The projection removes other media types; the generated method ignores the body.";
        GENERATOR_ENCODING: "generator-encoding", Error,
            "`encoding` next to a JSON schema",
            "progenitor does not support it and panics.";
        GENERATOR_NOT: "generator-not", Error,
            "a `not` that progenitor cannot turn into a type",
            "typify supports only an enum of plain values there, and panics on anything else.";
        GENERATOR_COMPOSITION: "generator-composition", Error,
            "anyOf and oneOf in one schema",
            "typify merges the two and asserts that only one is there.";
        GENERATOR_PARAMETER: "generator-parameter", Error,
            "a cookie parameter, a parameter with `content`, or a style other than form and simple",
            "progenitor rejects the document.";
        GENERATOR_EXPLODE: "generator-explode", Warning,
            "a query list with `explode: false`",
            "progenitor ignores it and sends a=1&a=2 instead of a=1,2.";
        GENERATOR_REF: "generator-ref", Error,
            "a path item that is a `$ref`, or a `$ref` to something inside a component",
            "progenitor rejects the first, and looks for a schema with the last word of the second.";
        GENERATOR_NAMES: "generator-names", Error,
            "names that become the same Rust name",
            "The generated code has two items with the same name and does not compile, or one of them silently replaces the other.";
        GENERATOR_ENUM: "generator-enum", Error,
            "enum values that cannot become the variants of a Rust enum",
            "typify panics on values of mixed types and on values that become the same variant name.";
        GENERATOR_INTEGER_ENUM: "generator-integer-enum", Warning,
            "an enum of numbers",
            "typify generates a newtype that rejects all other numbers, not a Rust enum.";
        GENERATOR_CLOSED_ENUM: "generator-closed-enum", Warning,
            "a closed enum of several strings in a response",
            "If the server adds a value, the generated enum rejects it, and the whole response cannot be decoded.";
        GENERATOR_OPEN_ENUM: "generator-open-enum", Warning,
            "anyOf of an enum and a string",
            "typify generates a struct with two flattened options, and a plain string cannot be decoded.";
        GENERATOR_CLOSED_OBJECT: "generator-closed-object", Warning,
            "`additionalProperties: false` in a response",
            "The generated type rejects unknown fields, so a field that the server adds breaks the client.";
        GENERATOR_OPTIONAL_BODY: "generator-optional-body", Warning,
            "a request body that is not required",
            "progenitor always requires it.";
    }
}
