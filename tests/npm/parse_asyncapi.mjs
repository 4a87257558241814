// Reads an AsyncAPI document with the official parser; prints what it found, or every complaint, as JSON.
import { readFile } from 'node:fs/promises';
import { Parser } from '@asyncapi/parser';

const text = await readFile(process.argv[2], 'utf8');
const { document, diagnostics } = await new Parser().parse(text);
const complaints = diagnostics
  .filter(({ severity }) => severity <= 1)
  .map(({ severity, message, path }) => ({ severity, message, path: path.join('.') }));
const messages = document ? document.messages().all().map((message) => message.id()) : [];
console.log(JSON.stringify({ valid: Boolean(document), complaints, messages }));
