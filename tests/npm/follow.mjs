// Another system: follows one service's events of one store, knowing only asyncapi.json and docs/guides/subscribing.md.
// Usage: node follow.mjs ASYNCAPI SERVICE STORE COUNT   (NATS_URL, NATS_USER, NATS_PASSWORD from the environment)
// Prints one JSON line per event and ends after COUNT; ends with 1 when an event is not as the document says.
import { readFile } from 'node:fs/promises';
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';

const [documentPath, service, store, count] = process.argv.slice(2);
const document = JSON.parse(await readFile(documentPath, 'utf8'));
const channel = document.channels[service];
const stream = channel.description.match(/`([A-Z]+)`/)[1];
const filter = channel.address.replace('{partition}', '*').replace('{storeId}', store).replace('{event}', '*');
const messages = new Map(Object.entries(document.components.messages).map(([key, { name }]) => [name, key]));
const requiredHeaders = document.components.messageTraits.cloudEvent.headers.required;

function complaints(message, type, event) {
  const key = messages.get(type);
  if (!key || !(key in channel.messages)) return [`${type} is not in the document`];
  const schema = document.components.schemas[key];
  const missing = schema.required.filter((name) => !(name in event)).map((name) => `${type} lacks ${name}`);
  const unknown = Object.keys(event).filter((name) => !(name in schema.properties)).map((name) => `${type} has ${name}`);
  const headers = requiredHeaders.filter((name) => !message.headers.get(name)).map((name) => `${type} lacks header ${name}`);
  return [...missing, ...unknown, ...headers];
}

const nc = await connect({
  servers: process.env.NATS_URL,
  user: process.env.NATS_USER || undefined,
  pass: process.env.NATS_PASSWORD || undefined,
});
const consumer = await jetstream(nc).consumers.get(stream, { filter_subjects: [filter] });
const seen = new Set();
let last = 0;
for await (const message of await consumer.consume()) {
  const id = message.headers.get('ce-id');
  const type = message.headers.get('ce-type');
  const position = Number(message.headers.get('Thaman-Position'));
  const event = message.json();
  const wrong = complaints(message, type, event);
  if (position <= last) wrong.push(`${id} is out of order`);
  if (seen.has(id)) wrong.push(`${id} came twice`);
  if (event.store_id !== store) wrong.push(`${id} is another store's`);
  if (wrong.length) {
    console.error(wrong.join('\n'));
    process.exit(1);
  }
  last = position;
  seen.add(id);
  console.log(JSON.stringify({ id, type, position, event }));
  if (seen.size >= Number(count)) break;
}
await nc.close();
