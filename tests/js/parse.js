// Parses the scripts that it reads as JSON, name by name; what is no JavaScript ends it with that name.
import { text } from "node:stream/consumers";
import vm from "node:vm";

const scripts = JSON.parse(await text(process.stdin));
for (const [filename, source] of Object.entries(scripts)) {
  // The first and the workers are classic scripts.
  if (/^(boot|sw)\.js/.test(filename)) new vm.Script(source, { filename });
  else new vm.SourceTextModule(source, { identifier: filename });
}
