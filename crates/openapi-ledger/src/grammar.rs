//! The kind of each node of a document: an OpenAPI object, a map of names, or any JSON.
//!
//! One table of OpenAPI's objects determines this for all parts of this crate: which values are schemas, which members are
//! fields and which are names that the author chose, and where arbitrary JSON begins (an example, a default, an extension).

use crate::pointer::Pointer;
use crate::value::{Map, Value};

use Shape::{Anything, Count, Flag, FlagOrSchema, Is, List, Number, RefOr, Text};

/// The kinds of objects that OpenAPI 3.0 knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// OpenAPI Object.
    OpenApi,
    /// Info Object.
    Info,
    /// Contact Object.
    Contact,
    /// License Object.
    License,
    /// Server Object.
    Server,
    /// Server Variable Object.
    ServerVariable,
    /// Components Object.
    Components,
    /// Paths Object.
    Paths,
    /// Path Item Object.
    PathItem,
    /// Operation Object.
    Operation,
    /// External Documentation Object.
    ExternalDocs,
    /// Parameter Object.
    Parameter,
    /// Request Body Object.
    RequestBody,
    /// Media Type Object.
    MediaType,
    /// Encoding Object.
    Encoding,
    /// Responses Object.
    Responses,
    /// Response Object.
    Response,
    /// Callback Object.
    Callback,
    /// Example Object.
    Example,
    /// Link Object.
    Link,
    /// Header Object.
    Header,
    /// Tag Object.
    Tag,
    /// Schema Object.
    Schema,
    /// Discriminator Object.
    Discriminator,
    /// XML Object.
    Xml,
    /// Security Scheme Object.
    SecurityScheme,
    /// OAuth Flows Object.
    OAuthFlows,
    /// OAuth Flow Object.
    OAuthFlow,
    /// Security Requirement Object.
    SecurityRequirement,
}

/// The fields of a path item that contain operations.
pub const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// The kind of a node, which is the kind of value that a field may contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A string.
    Text,
    /// True or false.
    Flag,
    /// A number.
    Number,
    /// An integer. A separate rule checks that it is not negative.
    Count,
    /// Any JSON, such as a default, an example or an extension.
    Anything,
    /// An OpenAPI object.
    Is(Kind),
    /// An OpenAPI object, or a reference to one.
    RefOr(Kind),
    /// True, false or a schema.
    FlagOrSchema,
    /// A list.
    List(&'static Shape),
    /// A map whose members have names that the author chose.
    Map(&'static Shape),
}

pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    pub(crate) required: bool,
    /// Whether the field exists only since OpenAPI 3.1.
    pub(crate) since_3_1: bool,
}

pub(crate) struct Object {
    kind: Kind,
    pub(crate) title: &'static str,
    pub(crate) fields: &'static [Field],
    /// The kind of members with other names: paths, status codes, scheme names.
    pub(crate) others: Option<Shape>,
}

impl Object {
    pub(crate) fn field_of_3_0(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name && !field.since_3_1)
    }

    fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

const fn opt(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, required: false, since_3_1: false }
}

const fn later(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, required: false, since_3_1: true }
}

const fn req(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, required: true, since_3_1: false }
}

pub(crate) const SCHEMA: Shape = RefOr(Kind::Schema);
const SCHEMAS: Shape = List(&SCHEMA);
const TEXTS: Shape = List(&Text);
const SERVERS: Shape = List(&Is(Kind::Server));
const PARAMETERS: Shape = List(&RefOr(Kind::Parameter));
const SECURITY: Shape = List(&Is(Kind::SecurityRequirement));
const CONTENT: Shape = Shape::Map(&Is(Kind::MediaType));
const EXAMPLES: Shape = Shape::Map(&RefOr(Kind::Example));
const HEADERS: Shape = Shape::Map(&RefOr(Kind::Header));
const DOCS: Shape = Is(Kind::ExternalDocs);
const OPERATION: Shape = Is(Kind::Operation);
const FLOW: Shape = Is(Kind::OAuthFlow);

impl Shape {
    /// A whole document.
    pub const DOCUMENT: Self = Is(Kind::OpenApi);

    /// The kind of object, if it is one.
    pub fn kind(self) -> Option<Kind> {
        match self {
            Is(kind) | RefOr(kind) => Some(kind),
            FlagOrSchema => Some(Kind::Schema),
            _ => None,
        }
    }

    /// Whether it is an object whose members are names that the author chose, such as `properties` or `paths`.
    pub fn is_names(self) -> bool {
        matches!(self, Self::Map(_)) || self.kind().is_some_and(|kind| kind.object().others.is_some())
    }

    /// Whether it is a schema, or a list or map of schemas.
    pub fn holds_schemas(self) -> bool {
        match self {
            List(inner) | Self::Map(inner) => inner.holds_schemas(),
            shape => shape.kind() == Some(Kind::Schema),
        }
    }

    /// The kind of the member `key`. A field that the object does not have gets the kind that its name has in other objects, so
    /// that parts of a document and documents with misplaced fields are read as intended.
    #[must_use]
    pub fn member(self, key: &str) -> Self {
        let Some(kind) = self.kind() else {
            return if let Self::Map(inner) = self { *inner } else { Anything };
        };
        let object = kind.object();
        match (object.field(key), object.others) {
            (Some(field), _) => field.shape,
            (None, _) if key.starts_with("x-") && kind != Kind::SecurityRequirement => Anything,
            (None, Some(others)) => others,
            (None, None) => {
                let elsewhere = OBJECTS.iter().find_map(|object| object.field(key));
                elsewhere.map_or(Anything, |field| field.shape)
            }
        }
    }

    /// The kind of the items of the list.
    #[must_use]
    pub fn item(self) -> Self {
        if let List(inner) = self { *inner } else { Anything }
    }
}

/// Whether a field of an OpenAPI object is documentation: text, examples, links to further documentation. The names of
/// tags, operations and components are not.
pub fn is_prose(field: &str) -> bool {
    is_sample(field) || matches!(field, "title" | "summary" | "description" | "externalDocs")
}

/// Whether a field of an OpenAPI object contains examples.
pub fn is_sample(field: &str) -> bool {
    matches!(field, "example" | "examples")
}

/// Calls `visit` with every OpenAPI object and every map of a document, outer ones first, with its kind and its place. Arbitrary
/// JSON, such as examples, is not visited.
pub fn for_each_object(document: &mut Value, visit: &mut dyn FnMut(&mut Map, Shape, &Pointer)) {
    walk(document, Shape::DOCUMENT, &Pointer::root(), visit);
}

fn walk(value: &mut Value, shape: Shape, at: &Pointer, visit: &mut dyn FnMut(&mut Map, Shape, &Pointer)) {
    match value {
        Value::Object(members) if shape != Anything => {
            visit(members, shape, at);
            for (key, member) in members {
                walk(member, shape.member(key), &at.key(key), visit);
            }
        }
        Value::Array(items) if shape != Anything => {
            for (n, item) in items.iter_mut().enumerate() {
                walk(item, shape.item(), &at.index(n), visit);
            }
        }
        _ => {}
    }
}

impl Kind {
    /// The name of this kind in the OpenAPI specification.
    pub fn title(self) -> &'static str {
        self.object().title
    }

    /// The section of `components` for objects of this kind.
    pub fn section(self) -> Option<&'static str> {
        let section = COMPONENTS_FIELDS.iter().find(|field| match field.shape {
            Shape::Map(shape) => *shape == RefOr(self),
            _ => false,
        });
        section.map(|field| field.name)
    }

    pub(crate) fn object(self) -> &'static Object {
        let object = &OBJECTS[self as usize];
        debug_assert_eq!(object.kind, self);
        object
    }
}

const fn object(kind: Kind, title: &'static str, fields: &'static [Field], others: Option<Shape>) -> Object {
    Object { kind, title, fields, others }
}

/// All objects, in the order of [`Kind`].
static OBJECTS: [Object; 29] = [
    object(Kind::OpenApi, "OpenAPI Object", OPEN_API_FIELDS, None),
    object(Kind::Info, "Info Object", INFO_FIELDS, None),
    object(Kind::Contact, "Contact Object", CONTACT_FIELDS, None),
    object(Kind::License, "License Object", LICENSE_FIELDS, None),
    object(Kind::Server, "Server Object", SERVER_FIELDS, None),
    object(Kind::ServerVariable, "Server Variable Object", SERVER_VARIABLE_FIELDS, None),
    object(Kind::Components, "Components Object", COMPONENTS_FIELDS, None),
    object(Kind::Paths, "Paths Object", &[], Some(Is(Kind::PathItem))),
    object(Kind::PathItem, "Path Item Object", PATH_ITEM_FIELDS, None),
    object(Kind::Operation, "Operation Object", OPERATION_FIELDS, None),
    object(Kind::ExternalDocs, "External Documentation Object", EXTERNAL_DOCS_FIELDS, None),
    object(Kind::Parameter, "Parameter Object", PARAMETER_FIELDS, None),
    object(Kind::RequestBody, "Request Body Object", REQUEST_BODY_FIELDS, None),
    object(Kind::MediaType, "Media Type Object", MEDIA_TYPE_FIELDS, None),
    object(Kind::Encoding, "Encoding Object", ENCODING_FIELDS, None),
    object(Kind::Responses, "Responses Object", RESPONSES_FIELDS, Some(RefOr(Kind::Response))),
    object(Kind::Response, "Response Object", RESPONSE_FIELDS, None),
    object(Kind::Callback, "Callback Object", &[], Some(Is(Kind::PathItem))),
    object(Kind::Example, "Example Object", EXAMPLE_FIELDS, None),
    object(Kind::Link, "Link Object", LINK_FIELDS, None),
    object(Kind::Header, "Header Object", HEADER_FIELDS, None),
    object(Kind::Tag, "Tag Object", TAG_FIELDS, None),
    object(Kind::Schema, "Schema Object", SCHEMA_FIELDS, None),
    object(Kind::Discriminator, "Discriminator Object", DISCRIMINATOR_FIELDS, None),
    object(Kind::Xml, "XML Object", XML_FIELDS, None),
    object(Kind::SecurityScheme, "Security Scheme Object", SECURITY_SCHEME_FIELDS, None),
    object(Kind::OAuthFlows, "OAuth Flows Object", OAUTH_FLOWS_FIELDS, None),
    object(Kind::OAuthFlow, "OAuth Flow Object", OAUTH_FLOW_FIELDS, None),
    object(Kind::SecurityRequirement, "Security Requirement Object", &[], Some(TEXTS)),
];

const OPEN_API_FIELDS: &[Field] = &[
    req("openapi", Text),
    req("info", Is(Kind::Info)),
    opt("servers", SERVERS),
    req("paths", Is(Kind::Paths)),
    opt("components", Is(Kind::Components)),
    opt("security", SECURITY),
    opt("tags", List(&Is(Kind::Tag))),
    opt("externalDocs", DOCS),
    later("jsonSchemaDialect", Text),
    later("webhooks", Shape::Map(&Is(Kind::PathItem))),
];

const INFO_FIELDS: &[Field] = &[
    req("title", Text),
    opt("description", Text),
    opt("termsOfService", Text),
    opt("contact", Is(Kind::Contact)),
    opt("license", Is(Kind::License)),
    req("version", Text),
];

const CONTACT_FIELDS: &[Field] = &[opt("name", Text), opt("url", Text), opt("email", Text)];

const LICENSE_FIELDS: &[Field] = &[req("name", Text), opt("url", Text)];

const SERVER_FIELDS: &[Field] =
    &[req("url", Text), opt("description", Text), opt("variables", Shape::Map(&Is(Kind::ServerVariable)))];

const SERVER_VARIABLE_FIELDS: &[Field] =
    &[opt("enum", TEXTS), req("default", Text), opt("description", Text)];

const COMPONENTS_FIELDS: &[Field] = &[
    opt("schemas", Shape::Map(&SCHEMA)),
    opt("responses", Shape::Map(&RefOr(Kind::Response))),
    opt("parameters", Shape::Map(&RefOr(Kind::Parameter))),
    opt("examples", EXAMPLES),
    opt("requestBodies", Shape::Map(&RefOr(Kind::RequestBody))),
    opt("headers", HEADERS),
    opt("securitySchemes", Shape::Map(&RefOr(Kind::SecurityScheme))),
    opt("links", Shape::Map(&RefOr(Kind::Link))),
    opt("callbacks", Shape::Map(&RefOr(Kind::Callback))),
    later("pathItems", Shape::Map(&Is(Kind::PathItem))),
];

const PATH_ITEM_FIELDS: &[Field] = &[
    opt("$ref", Text),
    opt("summary", Text),
    opt("description", Text),
    opt("get", OPERATION),
    opt("put", OPERATION),
    opt("post", OPERATION),
    opt("delete", OPERATION),
    opt("options", OPERATION),
    opt("head", OPERATION),
    opt("patch", OPERATION),
    opt("trace", OPERATION),
    opt("servers", SERVERS),
    opt("parameters", PARAMETERS),
];

const OPERATION_FIELDS: &[Field] = &[
    opt("tags", TEXTS),
    opt("summary", Text),
    opt("description", Text),
    opt("externalDocs", DOCS),
    opt("operationId", Text),
    opt("parameters", PARAMETERS),
    opt("requestBody", RefOr(Kind::RequestBody)),
    req("responses", Is(Kind::Responses)),
    opt("callbacks", Shape::Map(&RefOr(Kind::Callback))),
    opt("deprecated", Flag),
    opt("security", SECURITY),
    opt("servers", SERVERS),
];

const EXTERNAL_DOCS_FIELDS: &[Field] = &[opt("description", Text), req("url", Text)];

const PARAMETER_FIELDS: &[Field] = &[
    req("name", Text),
    req("in", Text),
    opt("description", Text),
    opt("required", Flag),
    opt("deprecated", Flag),
    opt("allowEmptyValue", Flag),
    opt("style", Text),
    opt("explode", Flag),
    opt("allowReserved", Flag),
    opt("schema", SCHEMA),
    opt("example", Anything),
    opt("examples", EXAMPLES),
    opt("content", CONTENT),
];

const HEADER_FIELDS: &[Field] = &[
    opt("description", Text),
    opt("required", Flag),
    opt("deprecated", Flag),
    opt("style", Text),
    opt("explode", Flag),
    opt("schema", SCHEMA),
    opt("example", Anything),
    opt("examples", EXAMPLES),
    opt("content", CONTENT),
];

const REQUEST_BODY_FIELDS: &[Field] =
    &[opt("description", Text), req("content", CONTENT), opt("required", Flag)];

const MEDIA_TYPE_FIELDS: &[Field] = &[
    opt("schema", SCHEMA),
    opt("example", Anything),
    opt("examples", EXAMPLES),
    opt("encoding", Shape::Map(&Is(Kind::Encoding))),
];

const ENCODING_FIELDS: &[Field] = &[
    opt("contentType", Text),
    opt("headers", HEADERS),
    opt("style", Text),
    opt("explode", Flag),
    opt("allowReserved", Flag),
];

const RESPONSES_FIELDS: &[Field] = &[opt("default", RefOr(Kind::Response))];

const RESPONSE_FIELDS: &[Field] = &[
    req("description", Text),
    opt("headers", HEADERS),
    opt("content", CONTENT),
    opt("links", Shape::Map(&RefOr(Kind::Link))),
];

const EXAMPLE_FIELDS: &[Field] =
    &[opt("summary", Text), opt("description", Text), opt("value", Anything), opt("externalValue", Text)];

const LINK_FIELDS: &[Field] = &[
    opt("operationRef", Text),
    opt("operationId", Text),
    opt("parameters", Shape::Map(&Anything)),
    opt("requestBody", Anything),
    opt("description", Text),
    opt("server", Is(Kind::Server)),
];

const TAG_FIELDS: &[Field] = &[req("name", Text), opt("description", Text), opt("externalDocs", DOCS)];

const SCHEMA_FIELDS: &[Field] = &[
    opt("title", Text),
    opt("multipleOf", Number),
    opt("maximum", Number),
    opt("exclusiveMaximum", Flag),
    opt("minimum", Number),
    opt("exclusiveMinimum", Flag),
    opt("maxLength", Count),
    opt("minLength", Count),
    opt("pattern", Text),
    opt("maxItems", Count),
    opt("minItems", Count),
    opt("uniqueItems", Flag),
    opt("maxProperties", Count),
    opt("minProperties", Count),
    opt("required", TEXTS),
    opt("enum", List(&Anything)),
    opt("type", Text),
    opt("allOf", SCHEMAS),
    opt("oneOf", SCHEMAS),
    opt("anyOf", SCHEMAS),
    opt("not", SCHEMA),
    opt("items", SCHEMA),
    opt("properties", Shape::Map(&SCHEMA)),
    opt("additionalProperties", FlagOrSchema),
    opt("description", Text),
    opt("format", Text),
    opt("default", Anything),
    opt("nullable", Flag),
    opt("discriminator", Is(Kind::Discriminator)),
    opt("readOnly", Flag),
    opt("writeOnly", Flag),
    opt("xml", Is(Kind::Xml)),
    opt("externalDocs", DOCS),
    opt("example", Anything),
    opt("deprecated", Flag),
    later("const", Anything),
    later("examples", Anything),
    later("contains", SCHEMA),
    later("contentSchema", SCHEMA),
    later("dependentSchemas", Shape::Map(&SCHEMA)),
    later("else", SCHEMA),
    later("if", SCHEMA),
    later("then", SCHEMA),
    later("$defs", Shape::Map(&SCHEMA)),
    later("patternProperties", Shape::Map(&SCHEMA)),
    later("prefixItems", SCHEMAS),
    later("propertyNames", SCHEMA),
    later("unevaluatedItems", FlagOrSchema),
    later("unevaluatedProperties", FlagOrSchema),
];

const DISCRIMINATOR_FIELDS: &[Field] = &[req("propertyName", Text), opt("mapping", Shape::Map(&Text))];

const XML_FIELDS: &[Field] = &[
    opt("name", Text),
    opt("namespace", Text),
    opt("prefix", Text),
    opt("attribute", Flag),
    opt("wrapped", Flag),
];

const SECURITY_SCHEME_FIELDS: &[Field] = &[
    req("type", Text),
    opt("description", Text),
    opt("name", Text),
    opt("in", Text),
    opt("scheme", Text),
    opt("bearerFormat", Text),
    opt("flows", Is(Kind::OAuthFlows)),
    opt("openIdConnectUrl", Text),
];

const OAUTH_FLOWS_FIELDS: &[Field] = &[
    opt("implicit", FLOW),
    opt("password", FLOW),
    opt("clientCredentials", FLOW),
    opt("authorizationCode", FLOW),
];

const OAUTH_FLOW_FIELDS: &[Field] = &[
    opt("authorizationUrl", Text),
    opt("tokenUrl", Text),
    opt("refreshUrl", Text),
    req("scopes", Shape::Map(&Text)),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn at(steps: &[&str]) -> Shape {
        steps.iter().fold(Shape::DOCUMENT, |shape, step| match shape {
            List(_) => shape.item(),
            shape => shape.member(step),
        })
    }

    #[test]
    fn tells_schemas_names_and_any_json_apart() {
        let operation = ["paths", "/a", "get"];
        let below = |rest: &[&str]| at(&[&operation[..], rest].concat());
        assert_eq!(below(&["parameters", "0", "schema"]), SCHEMA);
        assert_eq!(below(&["responses", "default"]).kind(), Some(Kind::Response));
        assert_eq!(below(&["responses", "200", "content", "a/b", "example"]), Anything);
        assert_eq!(below(&["x-mark"]), Anything);
        let schema = ["components", "schemas", "default"];
        let below = |rest: &[&str]| at(&[&schema[..], rest].concat());
        assert_eq!(below(&[]), SCHEMA);
        assert_eq!(below(&["properties", "example"]), SCHEMA);
        assert_eq!(below(&["default", "properties"]), Anything);
        assert!(below(&["properties"]).is_names() && below(&["allOf"]).holds_schemas());
        assert!(at(&["paths"]).is_names() && !at(&["info"]).is_names());
        assert_eq!(Shape::DOCUMENT.member("properties"), Shape::Map(&SCHEMA), "a part of a document");
    }
}
