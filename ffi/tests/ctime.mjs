// Reads memcheck's XML reports of ctime.c and holds each against the tolerated places in
// ctime.json. Usage: node ctime.mjs fast|k256 REPORT, by the engine | node ctime.mjs planted REPORT
// Prints what it found; exit 1 if a report is not tolerated, or if nothing planted was caught.
import { readFileSync } from 'node:fs';

const [mode, path] = process.argv.slice(2);
const { skipped, tolerated } = JSON.parse(readFileSync(new URL('./ctime.json', import.meta.url)));
const xml = readFileSync(path, 'utf8');
if (!xml.includes('<state>FINISHED</state>')) throw new Error(`${path} is no finished report`);

const tag = (text, name) => text.match(new RegExp(`<${name}>([^<]*)</${name}>`))?.[1] ?? '';
const places = [...xml.matchAll(/<error>([\s\S]*?)<\/error>/g)].map(([, error]) => {
  const stack = error.match(/<stack>([\s\S]*?)<\/stack>/)[1];
  const frames = [...stack.matchAll(/<frame>([\s\S]*?)<\/frame>/g)].map(([, frame]) => {
    // The crate's folder, with its version, and the file in it; or ours, below the repository.
    const file = `${tag(frame, 'dir')}/${tag(frame, 'file')}`;
    const inCrate = file.match(/([a-z0-9_]+(?:-[a-z0-9_]+)*-\d+\.\d+\.\d+[^/]*\/.*)$/)?.[1];
    const name = inCrate ?? file.match(/(library\/.*|core\/src\/.*|ffi\/.*)$/)?.[1] ?? file;
    return `${name}:${tag(frame, 'line')}`;
  });
  const place = frames.find((frame) => !skipped.some((start) => frame.startsWith(start)));
  return { kind: tag(error, 'kind'), place: place ?? frames[0], frames };
});

const list = new Map((tolerated[mode] ?? []).map(({ place, text, argument }) => {
  if (text === undefined) return [place, argument];
  const lines = readFileSync(new URL(`../../${place}`, import.meta.url), 'utf8').split('\n');
  const line = lines.findIndex((found) => found.trim() === text) + 1;
  if (line === 0) throw new Error(`${place} has no line "${text}"`);
  return [`${place}:${line}`, argument];
}));
if (mode === 'planted') {
  const caught = places.filter(({ place }) => place.includes('ctime.c'));
  if (caught.length === 0) {
    console.error(`${path}: the planted leak was not caught`);
    process.exit(1);
  }
  console.log(`${caught.length} caught at ${caught[0].place}`);
} else if (!(mode in tolerated)) {
  throw new Error(`no engine is called ${mode}`);
} else {
  const unknown = places.filter(({ place }) => !list.has(place));
  for (const { kind, frames } of unknown) console.error(`${kind}\n  ${frames.join('\n  ')}`);
  const unused = [...list.keys()].filter((place) => !places.some((found) => found.place === place));
  for (const place of unused) console.error(`tolerated and not reported: ${place}`);
  if (unknown.length > 0 || unused.length > 0) process.exit(1);
  console.log(`${places.length} reports at ${list.size} tolerated places`);
}
