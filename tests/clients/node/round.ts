/* A round through the register with the generated types and openapi-fetch: `node round.ts URL KEY`, on a register that holds the seed.
 * The same steps as in ../python/round.py. */
import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { paths } from "./register.js";

const TITLE = "Zanzibarische Runde of the TypeScript client";
const [url, key] = process.argv.slice(2);
assert.ok(url && key, "usage: node round.ts URL KEY");
const client = createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${key}` } });

type Made = { id: string; version: number };

/** Two requests with one key, and one engagement. */
async function createdOnce(): Promise<Made> {
  const create = (title_en: string) =>
    client.POST("/v1/engagements", {
      params: { header: { "Idempotency-Key": "round-ts-1" } },
      body: { kind: "meeting", title_en, when: "2026-05-08", countries: ["US"] },
    });
  const [first, again] = [await create(TITLE), await create(TITLE)];
  assert.ok(first.data && again.data);
  assert.deepEqual([first.response.status, again.response.status], [201, 201]);
  assert.deepEqual(first.data, again.data);
  const other = await create("Another");
  assert.equal(other.response.status, 422);
  assert.ok(other.error?.type);
  return first.data;
}

function revise(id: string, note: string, tag: string, prefer?: string) {
  return client.PATCH("/v1/engagements/{id}", {
    params: { path: { id }, header: { "If-Match": tag, ...(prefer && { Prefer: prefer }) } },
    headers: { "Content-Type": "application/merge-patch+json" },
    body: { note },
  });
}

async function tagOf(made: Made): Promise<string> {
  const { response } = await client.GET("/v1/engagements/{id}", { params: { path: { id: made.id } } });
  const tag = response.headers.get("ETag");
  assert.ok(tag);
  return tag;
}

/** Two revisions of the same version at once: one is made, the other is told of a newer version. */
async function raced(made: Made): Promise<number> {
  const path = { id: made.id };
  const tag = await tagOf(made);
  const answers = await Promise.all([revise(made.id, "one", tag), revise(made.id, "the other", tag)]);
  assert.deepEqual(answers.map((answer) => answer.response.status).sort(), [200, 412]);
  const { data: now } = await client.GET("/v1/engagements/{id}", { params: { path } });
  assert.equal(now?.version, made.version + 1);
  return now.version;
}

/** A write that asks to wait is answered when it can be found. */
async function foundAtOnce(made: Made): Promise<void> {
  const { response, error } = await revise(made.id, "last", await tagOf(made), "wait=5");
  assert.equal(error, undefined);
  assert.equal(response.headers.get("Preference-Applied"), "wait=5");
  const { data: page } = await client.GET("/v1/search", { params: { query: { q: TITLE }, header: { Prefer: "wait=5" } } });
  assert.equal(page?.items[0]?.id, made.id);
}

/** Page after page has every engagement once, as many as the list says it has. */
async function pagedThrough(made: Made): Promise<void> {
  const counted = await client.GET("/v1/engagements", { params: { query: { limit: 1, total: "exact" } } });
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const { data: page } = await client.GET("/v1/engagements", { params: { query: { limit: 50, cursor } } });
    assert.ok(page);
    seen.push(...page.items.map((each) => each.id));
    cursor = page.next_cursor ?? undefined;
  } while (cursor);
  assert.equal(seen.length, new Set(seen).size);
  assert.equal(seen.length, counted.data?.total);
  assert.ok(seen.length > 100 && seen.includes(made.id));
}

/** The feed tells each version once, in order. */
async function told(after: string, made: Made, version: number): Promise<void> {
  const { data: changes } = await client.GET("/v1/changes", { params: { query: { after, wait: 5 } } });
  assert.ok(changes);
  const versions = changes.items.filter((each) => each.id === made.id).map((each) => each.version);
  assert.deepEqual(versions, versions.map((_, index) => index + 1));
  assert.ok(versions.length >= version);
}

/** The export has a line for every engagement, and it says what the register says. */
async function takenOut(made: Made): Promise<void> {
  const { data: text } = await client.GET("/v1/exports/engagements", { parseAs: "text" });
  const lines = (text ?? "").trimEnd().split("\n").map((line) => JSON.parse(line) as { id: string; note: string });
  const counted = await client.GET("/v1/engagements", { params: { query: { limit: 1, total: "exact" } } });
  assert.equal(lines.length, counted.data?.total);
  assert.deepEqual(lines.filter((line) => line.id === made.id).map((line) => line.note), ["last"]);
}

const { data: before } = await client.GET("/v1/changes", { params: { query: { start: "latest" } } });
assert.ok(before);
const made = await createdOnce();
const version = await raced(made);
await foundAtOnce(made);
await pagedThrough(made);
await told(before.next_cursor, made, version);
await takenOut(made);
console.log("The TypeScript client went round.");
