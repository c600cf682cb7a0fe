// The adapter of the conformance kit for the TypeScript client: types by openapi-typescript, calls by openapi-fetch.
// Usage: adapter.js SPEC
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import createClient from "openapi-fetch";
import type { components, paths } from "./generated/schema.js";

type Schemas = components["schemas"];

const client = (url: string, key: string) => createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${key}` } });
type Client = ReturnType<typeof client>;

/** A call as the kit writes it: arguments named as in the spec. */
interface Call {
  url: string;
  key: string;
  operation: string;
  arguments: Record<string, unknown>;
  body?: unknown;
}

/** The result of openapi-fetch: a success has data, everything else an error. */
interface Result {
  data?: unknown;
  error?: unknown;
  response: Response;
}

/** `request` of openapi-fetch without the types of a path, which the compiler cannot know for an operation read from a file. */
type Send = (method: string, path: string, init: { params: { path: object; query: object }; body?: unknown }) => Promise<Result>;

interface Operation {
  method: string;
  path: string;
}

/** The operations of the spec by their ids. */
function operations(file: string): Map<string, Operation> {
  const { paths } = JSON.parse(readFileSync(file, "utf8")) as { paths: Record<string, Record<string, { operationId?: string }>> };
  const found = new Map<string, Operation>();
  for (const [path, item] of Object.entries(paths)) {
    for (const [method, { operationId }] of Object.entries(item)) {
      if (operationId !== undefined) found.set(operationId, { method, path });
    }
  }
  return found;
}

function send(by: Client, call: Call, { method, path }: Operation): Promise<Result> {
  const inPath = ([name]: [string, unknown]) => path.includes(`{${name}}`);
  const given = Object.entries(call.arguments);
  const params = {
    path: Object.fromEntries(given.filter(inPath)),
    query: Object.fromEntries(given.filter((argument) => !inPath(argument))),
  };
  return (by.request as unknown as Send)(method, path, { params, ...("body" in call && { body: call.body }) });
}

async function conclude(call: Call): Promise<unknown> {
  try {
    const operation = known.get(call.operation);
    if (operation === undefined) return { unsupported: true };
    const result = await send(client(call.url, call.key), call, operation);
    const { response } = result;
    if (result.data !== undefined) return { ok: result.data, status: response.status };
    const headers = { retry_after: response.headers.get("Retry-After"), content_type: response.headers.get("Content-Type") };
    return { error: { status: response.status, body: result.error, ...headers } };
  } catch (error) {
    // No response, or one with truncated JSON.
    return { error: { status: null, body: String(error) } };
  }
}

const groups = "/api/projects/{project_id}/groups/";
const remove = "/api/projects/{project_id}/groups/delete_property/";
const values = "/api/projects/{project_id}/groups/property_values/";
const project = { project_id: "1" };
const one = { group_type_index: 0, group_key: "a" };

/** What the compiler must accept, and what it must refuse: tsc fails otherwise. */
export const checkedByTheCompiler = async (by: Client, actor: Schemas["RelatedPerson"] | Schemas["RelatedGroup"]): Promise<unknown> => {
  const page: Schemas["GroupPage"] | undefined = (await by.GET(groups, { params: { path: project, query: { group_type_index: 0 } } })).data;
  const group: Schemas["Group"] | undefined = (await by.POST(groups, { params: { path: project }, body: one })).data;
  const query = { group_type_index: 0, key: "plan" };
  const counts: Schemas["PropertyValueList"] | Schemas["PropertyValuePage"] | undefined =
    (await by.GET(values, { params: { path: project, query } })).data;
  const detail = actor.type === "person" ? actor.distinct_ids.length : actor.group_type_index;
  // @ts-expect-error the index is a number
  await by.GET(groups, { params: { path: project, query: { group_type_index: "0" } } });
  // @ts-expect-error the list needs an index
  await by.GET(groups, { params: { path: project, query: {} } });
  // @ts-expect-error one name, not a list of names
  await by.POST(remove, { params: { path: project, query: one }, body: { $unset: ["a"] } });
  return [page?.results, group?.group_key, counts, detail];
};

const known = operations(process.argv[2] ?? "openapi.json");

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await conclude(JSON.parse(line) as Call)));
}
