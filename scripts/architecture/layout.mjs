// Places boxes and routes arrows: graphs of ELK on standard input, the same with places on output.
import ELK from "elkjs/lib/elk.bundled.js";

let given = "";
for await (const part of process.stdin) given += part;
const elk = new ELK();
const placed = [];
for (const graph of JSON.parse(given)) placed.push(await elk.layout(graph));
process.stdout.write(JSON.stringify(placed));
