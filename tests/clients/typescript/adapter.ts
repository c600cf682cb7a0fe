// The adapter of the conformance kit for the TypeScript client: types by openapi-typescript, calls by openapi-fetch.
import { createInterface } from "node:readline";
import createClient from "openapi-fetch";
import type { components, paths } from "./generated/schema.js";

type Schemas = components["schemas"];
type Query<Path extends keyof paths, Method extends "get" | "post" = "get"> = paths[Path] extends {
  [M in Method]: { parameters: { query: infer Q } };
} ? Q : never;

const client = (url: string, key: string) => createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${key}` } });
type Client = ReturnType<typeof client>;

/** A call as the kit writes it: arguments named as in the spec. */
interface Call {
  url: string;
  key: string;
  operation: string;
  arguments: { project_id: string } & Record<string, unknown>;
  body?: unknown;
}

/** What openapi-fetch gives; a success has data, everything else an error. */
interface Result<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

const groups = "/api/projects/{project_id}/groups/" as const;
const activity = "/api/projects/{project_id}/groups/activity/" as const;
const remove = "/api/projects/{project_id}/groups/delete_property/" as const;
const find = "/api/projects/{project_id}/groups/find/" as const;
const definitions = "/api/projects/{project_id}/groups/property_definitions/" as const;
const values = "/api/projects/{project_id}/groups/property_values/" as const;
const related = "/api/projects/{project_id}/groups/related/" as const;
const update = "/api/projects/{project_id}/groups/update_property/" as const;
const upsert = "/api/projects/{project_id}/groups/upsert_properties/" as const;
const types = "/api/projects/{project_id}/groups_types/" as const;

// The result types are stated, so that the compiler holds what each operation answers.
function carryOut(by: Client, call: Call): Promise<Result<unknown>> | undefined {
  const { project_id, ...query } = call.arguments;
  const path = { project_id };
  switch (call.operation) {
    case "list_groups": {
      const page: Promise<Result<Schemas["GroupPage"]>> = by.GET(groups, { params: { path, query: query as Query<typeof groups> } });
      return page;
    }
    case "create_group": {
      const group: Promise<Result<Schemas["Group"]>> =
        by.POST(groups, { params: { path }, body: call.body as Schemas["CreateGroupRequest"] });
      return group;
    }
    case "find_group": {
      const group: Promise<Result<Schemas["FoundGroup"]>> = by.GET(find, { params: { path, query: query as Query<typeof find> } });
      return group;
    }
    case "update_property": {
      const params = { path, query: query as Query<typeof update, "post"> };
      const group: Promise<Result<Schemas["Group"]>> =
        by.POST(update, { params, body: call.body as Schemas["UpdatePropertyRequest"] });
      return group;
    }
    case "delete_property": {
      const params = { path, query: query as Query<typeof remove, "post"> };
      const group: Promise<Result<Schemas["Group"]>> =
        by.POST(remove, { params, body: call.body as Schemas["DeletePropertyRequest"] });
      return group;
    }
    case "upsert_properties": {
      const params = { path, query: query as Query<typeof upsert, "post"> };
      const group: Promise<Result<Schemas["Group"]>> = by.POST(upsert, { params, body: call.body as Schemas["Properties"] });
      return group;
    }
    case "list_activity": {
      const page: Promise<Result<Schemas["ActivityPage"]>> =
        by.GET(activity, { params: { path, query: query as Query<typeof activity> } });
      return page;
    }
    case "list_related": {
      const actors: Promise<Result<(Schemas["RelatedPerson"] | Schemas["RelatedGroup"])[]>> =
        by.GET(related, { params: { path, query: query as Query<typeof related> } });
      return actors;
    }
    case "list_property_values": {
      const counts: Promise<Result<Schemas["PropertyValueList"] | Schemas["PropertyValuePage"]>> =
        by.GET(values, { params: { path, query: query as Query<typeof values> } });
      return counts;
    }
    case "list_property_definitions": {
      const names: Promise<Result<Schemas["PropertyDefinitions"]>> = by.GET(definitions, { params: { path } });
      return names;
    }
    case "list_group_types": {
      const rows: Promise<Result<Schemas["GroupType"][]>> = by.GET(types, { params: { path } });
      return rows;
    }
    default:
      return undefined;
  }
}

async function conclude(call: Call): Promise<unknown> {
  try {
    const result = await carryOut(client(call.url, call.key), call);
    if (result === undefined) return { unsupported: true };
    const { response } = result;
    if (result.data !== undefined) return { ok: result.data, status: response.status };
    const headers = { retry_after: response.headers.get("Retry-After"), content_type: response.headers.get("Content-Type") };
    return { error: { status: response.status, body: result.error, ...headers } };
  } catch (error) {
    // No answer, or one whose JSON is cut.
    return { error: { status: null, body: String(error) } };
  }
}

/** A type tells the kinds of actors apart, for the compiler too; and what must not compile: tsc fails when it does. */
export const checkedByTheCompiler = (by: Client, actor: Schemas["RelatedPerson"] | Schemas["RelatedGroup"]): unknown => [
  actor.type === "person" ? actor.distinct_ids.length : actor.group_type_index,
  // @ts-expect-error the index is a number
  by.GET(groups, { params: { path: { project_id: "1" }, query: { group_type_index: "0" } } }),
  // @ts-expect-error the list needs an index
  by.GET(groups, { params: { path: { project_id: "1" }, query: {} } }),
  // @ts-expect-error one name, not a list of names
  by.POST(remove, { params: { path: { project_id: "1" }, query: { group_type_index: 0, group_key: "a" } }, body: { $unset: ["a"] } }),
];

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await conclude(JSON.parse(line) as Call)));
}
