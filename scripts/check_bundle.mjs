// What `flywheel schemas export` writes, judged by those who read it: the AsyncAPI document by AsyncAPI's own parser,
// the JSON Schema by ajv, and what the schema says of an event by intake.
//
//   node scripts/check_bundle.mjs FLYWHEEL TOOLS WORK
//
// FLYWHEEL is the program, TOOLS the folder of node_modules, WORK an empty folder. The last line printed is
// "PASSED FAILED".

import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const [program, tools, work] = process.argv.slice(2);
const require = createRequire(path.resolve(tools, "node_modules", "from-here.js"));
const Ajv2020 = require("ajv/dist/2020").default;
const addFormats = require("ajv-formats").default;
const { Parser } = require("@asyncapi/parser");

const bundle = path.join(work, "bundle");
const golden = "tests/golden/events";
const log = path.join(work, "log");

let passed = 0;
let failed = 0;
let compared = 0; // events that both schema and intake have judged
function check(holds, what, detail = "") {
  if (holds) {
    passed += 1;
    return;
  }
  failed += 1;
  console.log(`FAILED ${what}${detail && `: ${detail}`}`);
}

// The program's output; some of the input being refused (1) is an answer.
function flywheel(...args) {
  try {
    return execFileSync(program, args, { encoding: "utf8", maxBuffer: 1 << 28, stdio: ["ignore", "pipe", "ignore"] });
  } catch (error) {
    if (error.status === 1) return error.stdout;
    throw error;
  }
}

const jsonLines = (text) => text.split("\n").filter(Boolean).map((line) => JSON.parse(line));

async function checkAsyncApi() {
  const { document, diagnostics } = await new Parser().parse(readFileSync(path.join(bundle, "asyncapi.json"), "utf8"));
  const errors = diagnostics.filter((one) => one.severity === 0);
  for (const one of diagnostics) console.log(`asyncapi: ${one.code}: ${one.message} at ${one.path.join(".")}`);
  check(errors.length === 0 && document, "the AsyncAPI document is valid");
  if (!document) return;
  const [channel] = document.channels().all();
  check(channel.address() === "checked.inbox", "the channel is the topic of --name", channel.address());
  check(channel.messages().all().length === goldenEvents.length, "each kind of event is a message of the channel");
  check(document.operations().all().every((one) => one.isReceive()), "Flywheel receives");
  for (const message of channel.messages().all()) {
    check(message.hasPayload() && message.headers(), `${message.name()} has headers and a payload`);
    for (const example of message.examples().all()) {
      compare([example.payload()], `the example of ${message.name()}`, (schema, intake) => schema && intake);
    }
  }
}

// One event of each kind that can be published, with every field set, as Flywheel itself prints it.
function readGoldenEvents() {
  const publishable = readdirSync(golden).filter(
    (name) => /^event_.*\.binpb$/.test(name) && !/policy_published|buyer_erased|time_passed/.test(name),
  );
  const parts = [];
  for (const name of publishable) {
    const bytes = readFileSync(path.join(golden, name));
    const length = [];
    for (let left = bytes.length; ; left >>>= 7) {
      if (left < 0x80) {
        length.push(left);
        break;
      }
      length.push((left & 0x7f) | 0x80);
    }
    parts.push(Buffer.from(length), bytes);
  }
  const file = path.join(work, "golden.bin");
  writeFileSync(file, Buffer.concat(parts));
  flywheel("--data", log, "publish", "--format", "binary", file);
  const events = jsonLines(flywheel("--data", log, "log", "cat")).map((line) => line.record.event);
  check(events.length === publishable.length && events.length > 20, "every golden event is in the log");
  return events;
}

// Whether intake takes each, by the built-in policy.
function intakeTakes(events) {
  const file = path.join(work, "events.jsonl");
  writeFileSync(file, events.map((event) => JSON.stringify(event) + "\n").join(""));
  const lines = jsonLines(flywheel("--json", "publish", "--dry-run", file)).filter((line) => line.line);
  if (lines.length !== events.length) throw new Error(`${lines.length} outcomes of ${events.length} events`);
  return lines.map((line) => line.status === "valid");
}

// One check: of each event schema and intake say what `agree` allows. agree(schema, intake, i).
function compare(events, what, agree) {
  const intake = intakeTakes(events);
  const disagreements = [];
  events.forEach((event, i) => {
    const schema = validate(event);
    compared += 1;
    if (!agree(schema, intake[i], i)) {
      disagreements.push(`schema ${schema}, intake ${intake[i]}: ${JSON.stringify(event)}`);
    }
  });
  check(events.length > 0 && disagreements.length === 0, what, disagreements.slice(0, 5).join("\n  "));
}

// Calls visit(path) for every property and element of a value.
function walk(value, visit, at = []) {
  if (typeof value !== "object" || value === null) return;
  for (const key of Object.keys(value)) {
    visit([...at, key]);
    walk(value[key], visit, [...at, key]);
  }
}

function at(value, steps) {
  return steps.reduce((part, key) => part[key], value);
}

// A copy of the event with something else at the path; `change` gets the object and the key.
function changed(event, steps, change) {
  const copy = structuredClone(event);
  change(at(copy, steps.slice(0, -1)), steps.at(-1));
  return copy;
}

function remove(parent, key) {
  if (Array.isArray(parent)) parent.splice(key, 1);
  else delete parent[key];
}

// Values of every kind, good and bad at one place or another.
const values = [
  true, 0, 1, 5, 6, -1, 0.5, 2147483647, 2147483648, 1e15, 1e15 + 1, "", "x", "*", "PL", "XX", "pl", "PLN", "UNSPECIFIED",
  "BUYER", "0", "-1", "007", "1000000000000000", "1000000000000001", "\u0007", "\u0085", "ż".repeat(128),
  "x".repeat(256), "x".repeat(257), "2024-02-29T12:00:00Z", "2024-02-29T12:00:00.123456789+02:00", "2023-02-29T12:00:00Z",
  "2024-02-29T24:00:00Z", "2024-02-29t12:00:00z", "1969-12-31T23:59:59Z", "2200-01-01T00:00:00Z", "2024-02-29",
  "0190b2c4-0000-7000-8000-000000000001", "0190B2C4-0000-7000-8000-00000000000G", [], {}, [[]], [{}], ["PL"],
  [...Array(1001)].map(() => "PL"),
];

// Where intake takes more than the schema says: enums by number, numbers of 32 bits as text, zeros before an amount, an
// empty object for a price that may be left out; and it does not look at recordedAt.
function isWider(key, before, value) {
  const types = [typeof before, typeof value].sort().join();
  const noPrice = before?.currency !== undefined && Object.keys(value).length === 0;
  return key === "recordedAt" || types === "number,string" || (key === "amountMinor" && value === "007") || noPrice;
}

// Where the schema takes more than intake: it does not know the policy's markets.
const isUnseen = (key, value) => key === "market" && value === "XX";

execFileSync(program, ["schemas", "export", bundle, "--name", "checked"], { stdio: "ignore" });
const ajv = addFormats(new Ajv2020({ strictSchema: true, strictTypes: true }));
const validate = ajv.compile(JSON.parse(readFileSync(path.join(bundle, "event.schema.json"), "utf8")));
const goldenEvents = readGoldenEvents();
const both = (schema, intake) => schema && intake;
const same = (schema, intake) => schema === intake;

compare(goldenEvents, "golden events", both);
for (const event of goldenEvents) {
  const kind = Object.keys(event).at(-1);
  const without = [];
  walk(event, (steps) => without.push(changed(event, steps, remove)));
  compare(without, `${kind} without a field`, same);

  const replaced = [];
  const changes = [];
  walk(event, (steps) => {
    for (const value of values) {
      changes.push([steps.at(-1), at(event, steps), value]);
      replaced.push(changed(event, steps, (parent, key) => (parent[key] = value)));
    }
  });
  compare(replaced, `${kind} with another value`, (schema, intake, i) => {
    const [key, before, value] = changes[i];
    if (schema === intake) return true;
    return schema ? isUnseen(key, value) : isWider(key, before, value);
  });
}
await checkAsyncApi();
console.log(`${compared} events compared`);
console.log(`${passed} ${failed}`);
process.exit(failed === 0 ? 0 : 1);
