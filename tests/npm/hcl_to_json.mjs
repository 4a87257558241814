// Parses HCL files with HashiCorp's own parser (compiled to WebAssembly); prints {name: json}.
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { parse } from '@cdktf/hcl2json';

const result = {};
for (const path of process.argv.slice(2)) {
  result[basename(path)] = await parse(basename(path), await readFile(path, 'utf8'));
}
console.log(JSON.stringify(result));
