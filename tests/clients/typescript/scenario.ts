// The scenario of ../scenario.json with the TypeScript client: types by openapi-typescript, calls by openapi-fetch.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import createClient from "openapi-fetch";
import type { components, paths } from "./generated/schema.js";

type Schemas = components["schemas"];

const url = process.argv[2] ?? "";
const scenario = JSON.parse(readFileSync(process.argv[3] ?? "", "utf8")) as {
  world: Record<string, unknown>;
  eras: Record<Era, Record<string, unknown>>;
};
type Era = "2025" | "2026";

const project = { project_id: "@current" };
const client = (key: string) =>
  createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${key}` } });
const all = client("phx_all");

async function admin(method: string, what: string, document?: unknown): Promise<void> {
  const answer = await fetch(`${url}/__admin/${what}`, {
    method,
    ...(document === undefined ? {} : { body: JSON.stringify(document) }),
  });
  assert.ok(answer.ok, await answer.text());
}

/** Makes sure that a call failed, with this status and these members of the error. */
function refused(
  result: { data?: unknown; error?: unknown; response: Response },
  status: number,
  members: Partial<Schemas["Error"]>,
): void {
  assert.equal(result.response.status, status);
  assert.equal(result.data, undefined);
  const error = result.error as Schemas["Error"];
  for (const [name, value] of Object.entries(members)) {
    assert.deepEqual(error[name as keyof Schemas["Error"]], value, name);
  }
}

/** The body of a success. */
function good<T>(result: { data?: T; error?: unknown; response: Response }): T {
  assert.equal(result.error, undefined, JSON.stringify(result.error));
  assert.ok(result.data !== undefined);
  return result.data;
}

/** A member that every success must have is there in the types, too: no `?`, no cast. */
const keys = (page: Schemas["GroupPage"]): string[] => page.results.map((group) => group.group_key);

const find = (key: string, by = all) =>
  by.GET("/api/projects/{project_id}/groups/find/", {
    params: {
      path: project,
      query: { group_type_index: 0, group_key: key, skip_create_notebook: true },
    },
  });
const list = (query: { cursor?: string; search?: string }) =>
  all.GET("/api/projects/{project_id}/groups/", {
    params: { path: project, query: { group_type_index: 0, ...query } },
  });
const unset = (key: string, name: string) =>
  all.POST("/api/projects/{project_id}/groups/delete_property/", {
    params: { path: project, query: { group_type_index: 0, group_key: key } },
    body: { $unset: name },
  });
const create = (body: Schemas["CreateGroupRequest"]) =>
  all.POST("/api/projects/{project_id}/groups/", { params: { path: project }, body });
const person = "0197a0de-5d5a-7c1e-9a5e-3c1f0e6f2a11";
const noEndpoint = { type: "invalid_request", code: "not_found", detail: "Endpoint not found.", attr: null };

const steps: [string, (era: Era) => Promise<void>][] = [
  ["list_groups: three pages", async () => {
    const pages: string[][] = [];
    let cursor: string | undefined;
    do {
      const page = good(await list(cursor === undefined ? {} : { cursor }));
      pages.push(keys(page));
      cursor = page.next === null ? undefined : (new URL(page.next).searchParams.get("cursor") ?? undefined);
    } while (cursor !== undefined && pages.length < 9);
    assert.deepEqual(pages, [["acct_7", "acct_6", "acct_5"], ["acct_4", "acct_3", "acct_2"], ["acct_1"]]);
  }],
  ["list_groups: search", async () => {
    const page = good(await list({ search: "gREY wag" }));
    assert.deepEqual(keys(page), ["acct_3"]);
    assert.equal(page.next, null);
  }],
  ["create_group: created, then found as it was sent", async () => {
    const properties = { name: "Zaunkönig & Söhne", nested: { a: [1, null, true] }, none: null };
    const result = await create({ group_type_index: 0, group_key: "org:9/ä b", group_properties: properties });
    assert.equal(result.response.status, 201);
    assert.deepEqual(good(result).group_properties, properties);
    const found = good(await find("org:9/ä b"));
    assert.deepEqual(found.group_properties, properties);
    assert.equal(new Date(found.created_at).toISOString(), "2026-03-20T12:00:00.000Z");
  }],
  ["create_group: the key is taken, 400", async () => {
    refused(await create({ group_type_index: 0, group_key: "acct_1" }), 400, {
      type: "validation_error", code: "invalid_input", detail: "A group with this key already exists", attr: "detail",
    });
  }],
  ["find_group: a group and its notebook", async (era) => {
    const group = good(await find("acct_1"));
    assert.equal(group.group_type_index, 0);
    assert.deepEqual(group.group_properties, { name: "Blue Heron", plan: "scale", seats: 7 });
    assert.equal(group.notebook, "nb5GkQ2a");
    // Servers of 2025 do not know `skip_create_notebook` yet, and write.
    assert.equal(good(await find("acct_2")).notebook === null, era === "2026");
  }],
  ["find_group: no such group, 404", async () => {
    refused(await find("acct_99"), 404, { type: "invalid_request", code: "not_found", detail: "Not found." });
  }],
  ["update_property: the whole group comes back", async () => {
    for (const value of [57, "", 0, false, [], { deep: [null] }]) {
      const group = good(await all.POST("/api/projects/{project_id}/groups/update_property/", {
        params: { path: project, query: { group_type_index: 0, group_key: "acct_1" } },
        body: { key: "seats", value },
      }));
      assert.deepEqual(group.group_properties, { name: "Blue Heron", plan: "scale", seats: value });
    }
  }],
  ["delete_property: the whole group comes back", async () => {
    assert.deepEqual(good(await unset("acct_2", "seats")).group_properties, { name: "Red Kite", plan: "scale" });
  }],
  ["delete_property: gone already, 500 in 2025, 400 in 2026", async (era) => {
    const result = await unset("acct_1", "no such name");
    if (era === "2025") refused(result, 500, { type: "server_error", code: "error", attr: null });
    else refused(result, 400, { code: "invalid_input", attr: "$unset" });
  }],
  ["upsert_properties: merged in the window of 2025, no such endpoint in 2026", async (era) => {
    const result = await all.POST("/api/projects/{project_id}/groups/upsert_properties/", {
      params: { path: project, query: { group_type_index: 0, group_key: "acct_4" } },
      body: { plan: "free", tags: ["new"] },
    });
    if (era === "2026") return refused(result, 404, noEndpoint);
    assert.deepEqual(good(result).group_properties, { name: "Black Swift", plan: "free", seats: 28, tags: ["new"] });
  }],
  ["list_activity: two pages", async (era) => {
    const activity = async (page: number) =>
      good(await all.GET("/api/projects/{project_id}/groups/activity/", {
        params: { path: project, query: { group_type_index: 0, group_key: "acct_2", limit: 2, page } },
      }));
    const [first, second] = [await activity(1), await activity(2)];
    assert.equal(first.total_count, 3);
    assert.ok(first.next !== null && second.next === null && second.previous !== null);
    assert.deepEqual(first.results.map((e) => e.detail.changes?.[0]?.after), ["plan 2", "plan 1"]);
    const [oldest] = second.results;
    assert.ok(oldest !== undefined);
    assert.deepEqual([oldest.user.is_system, oldest.user.email, oldest.detail.name], [true, null, "plan"]);
    assert.equal(oldest.id === undefined, era === "2025");
  }],
  ["list_property_definitions: by type in 2025, no such endpoint in 2026", async (era) => {
    const result = await all.GET("/api/projects/{project_id}/groups/property_definitions/", { params: { path: project } });
    if (era === "2026") return refused(result, 404, noEndpoint);
    const names = good(result);
    assert.deepEqual(names["0"]?.map((d) => [d.name, d.count]), [["name", 7], ["plan", 7], ["seats", 7]]);
    assert.deepEqual(names["1"], [{ name: "name", count: 1 }]);
  }],
  ["list_property_values: a list in 2025, an envelope in 2026", async (era) => {
    const values = good(await all.GET("/api/projects/{project_id}/groups/property_values/", {
      params: { path: project, query: { group_type_index: 0, key: "plan" } },
    }));
    assert.equal(Array.isArray(values), era === "2025");
    const items = Array.isArray(values) ? values : values.results;
    assert.deepEqual(items.map((i) => [i.name, i.count]), [["scale", 4], ["free", 2], ["trial", 1]]);
  }],
  ["list_related: a group's persons and groups", async (era) => {
    const actors = good(await all.GET("/api/projects/{project_id}/groups/related/", {
      params: { path: project, query: { group_type_index: 0, id: "acct_1" } },
    }));
    // `type` tells the kinds apart, for the compiler too.
    const told = actors.map((actor) => actor.type === "person"
      ? [actor.uuid, actor.distinct_ids.length, actor.is_identified, actor.last_seen_at]
      : [actor.group_key, actor.group_type_index, actor.properties["name"]]);
    assert.deepEqual(told, [[person, 2, true, era === "2025" ? undefined : null], ["harbor-web", 1, "Harbor"]]);
  }],
  ["list_related: a person's groups", async () => {
    const actors = good(await all.GET("/api/projects/{project_id}/groups/related/", {
      params: { path: project, query: { id: person } },
    }));
    assert.deepEqual(actors.map((actor) => [actor.type, actor.id]), [["group", "acct_1"], ["group", "harbor-web"]]);
  }],
  ["list_group_types: names by index", async () => {
    const types = good(await all.GET("/api/projects/{project_id}/groups_types/", { params: { path: project } }));
    assert.deepEqual(types.map((t) => [t.group_type_index, t.group_type, t.name_singular]), [[0, "account", "Account"], [1, "workspace", null]]);
  }],
  ["error 401: unknown key", async () => {
    refused(await find("acct_1", client("phx_stranger")), 401, {
      type: "authentication_error", code: "authentication_failed",
      detail: "Personal API key found in request Authorization header is invalid.",
    });
  }],
  ["error 403: scope missing", async () => {
    refused(await client("phx_reader").POST("/api/projects/{project_id}/groups/update_property/", {
      params: { path: project, query: { group_type_index: 0, group_key: "acct_1" } },
      body: { key: "plan", value: "free" },
    }), 403, { code: "permission_denied", detail: "API key missing required scope 'group:write'" });
  }],
  ["error 405: method not allowed", async () => {
    const body = { type: "invalid_request", code: "method_not_allowed", detail: 'Method "GET" not allowed.', attr: null };
    await admin("POST", "faults", [{ kind: "http", status: 405, body }]);
    refused(await find("acct_1"), 405, { code: "method_not_allowed", attr: null });
  }],
  ["error 429: Retry-After", async (era) => {
    await world(era, { rate_limit: { limit: 1, window_s: 60 } });
    good(await find("acct_1"));
    const result = await find("acct_1");
    refused(result, 429, { type: "throttled_error", code: "throttled" });
    const seconds = Number(result.response.headers.get("Retry-After"));
    assert.ok(Number.isInteger(seconds) && seconds >= 1 && seconds <= 60, String(seconds));
  }],
  ["error 500: the server's own", async () => {
    await admin("POST", "faults", [{ kind: "crash" }]);
    refused(await find("acct_1"), 500, { type: "server_error", code: "error", detail: "A server error occurred." });
  }],
  ["error 502: the HTML of a proxy", async () => {
    await admin("POST", "faults", [{ kind: "http", status: 502 }]);
    const result = await find("acct_1");
    assert.equal(result.response.status, 502);
    assert.match(result.response.headers.get("Content-Type") ?? "", /^text\/html/);
    assert.match(String(result.error), /<html>/);
  }],
  ["error 503: Retry-After", async () => {
    const body = { type: "server_error", code: "database_unavailable", detail: "Try again.", attr: null };
    await admin("POST", "faults", [{ kind: "http", status: 503, headers: { "Retry-After": "1" }, body }]);
    const result = await find("acct_1");
    refused(result, 503, { code: "database_unavailable" });
    assert.equal(result.response.headers.get("Retry-After"), "1");
  }],
];

/** Every step starts from the same world. */
const world = (era: Era, more: Record<string, unknown> = {}): Promise<void> =>
  admin("PUT", "state", { ...scenario.world, ...scenario.eras[era], ...more });

/** What must not compile; tsc fails when it does. */
export const misuse = (): unknown => [
  // @ts-expect-error the index is a number
  all.GET("/api/projects/{project_id}/groups/", { params: { path: project, query: { group_type_index: "0" } } }),
  // @ts-expect-error the list needs an index
  all.GET("/api/projects/{project_id}/groups/", { params: { path: project, query: {} } }),
  // @ts-expect-error one name, not a list of names
  unset("acct_1", ["plan"]),
];

let [passed, failed] = [0, 0];
for (const era of ["2025", "2026"] as const) {
  for (const [name, step] of steps) {
    try {
      await world(era);
      await step(era);
      passed += 1;
      console.log(`ok   ${era} ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`FAIL ${era} ${name} | ${String(error).replaceAll("\n", " ")}`);
    }
  }
}
console.log(`typescript: ${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
