//! Our own rules, each with its name, its severity and why it exists.

openapi_ledger::lint_rules! {
    Structure {
        EXTENSION_MARK: "extension-mark", Error,
            "an ill-formed `x-required-scopes`, `x-idempotency` or `x-availability`",
            "The client's table of scopes, retries and eras is generated from these marks.";
    }
    GeneratorFitness {
        GENERATOR_SUCCESS_TYPES: "generator-success-types", Error,
            "success responses of different types, or with and without body",
            "progenitor asserts one success type for each operation and panics.";
        GENERATOR_REQUEST_MEDIA: "generator-request-media", Error,
            "a request body that does not offer application/json",
            "Only JSON survives the projection; the generated method would have no body.";
        GENERATOR_RESPONSE_MEDIA: "generator-response-media", Warning,
            "a success response with content, but none of it application/json",
            "Only JSON survives the projection; the generated method drops the body.";
        GENERATOR_ENCODING: "generator-encoding", Error,
            "`encoding` beside a JSON schema",
            "progenitor has no code for it and panics.";
        GENERATOR_NOT: "generator-not", Error,
            "a `not` that progenitor cannot turn into a type",
            "typify handles only an untyped or typed enum of plain values there and panics on anything else.";
        GENERATOR_COMPOSITION: "generator-composition", Error,
            "anyOf and oneOf in one schema",
            "typify merges the two and asserts that only one is there.";
        GENERATOR_PARAMETER: "generator-parameter", Error,
            "a cookie parameter, one with `content`, or a style other than form and simple",
            "progenitor refuses the document.";
        GENERATOR_EXPLODE: "generator-explode", Warning,
            "a query list with `explode: false`",
            "progenitor ignores it and sends a=1&a=2 instead of a=1,2.";
        GENERATOR_REF: "generator-ref", Error,
            "a path item that is a `$ref`, or a `$ref` to something inside a component",
            "progenitor refuses the first and looks for the last word of the second among the schemas.";
        GENERATOR_NAMES: "generator-names", Error,
            "names that become one Rust name",
            "The generated code has two things of one name and does not compile, or one silently stands for both.";
        GENERATOR_ENUM: "generator-enum", Error,
            "enum values that cannot become the variants of a Rust enum",
            "typify panics on values of mixed types and on values that turn into one variant name.";
        GENERATOR_INTEGER_ENUM: "generator-integer-enum", Warning,
            "an enum of numbers",
            "typify makes a newtype that refuses every other number, not a Rust enum.";
        GENERATOR_CLOSED_ENUM: "generator-closed-enum", Warning,
            "a closed enum of several strings in a response",
            "The generated enum refuses the value that the server adds tomorrow, and the whole answer with it.";
        GENERATOR_OPEN_ENUM: "generator-open-enum", Warning,
            "anyOf of an enum and a string",
            "typify makes a struct of two flattened options, and a plain string fails to decode.";
        GENERATOR_CLOSED_OBJECT: "generator-closed-object", Warning,
            "`additionalProperties: false` in a response",
            "The generated type refuses unknown members, so a field added by the server breaks the client.";
        GENERATOR_OPTIONAL_BODY: "generator-optional-body", Warning,
            "a request body that is not required",
            "progenitor always demands it.";
    }
}
