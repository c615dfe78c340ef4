// What Rust (wasm/src/record.rs) fills a plain object or array with. An array takes its values in
// order, whatever they are called.

export const object = () => ({});

export const child = (record, name) => put(record, name, {});
export const list = (record, name) => put(record, name, []);

export const setNull = (record, name) => void put(record, name, null);
export const setFlag = (record, name, flag) => void put(record, name, flag);
export const setNumber = (record, name, number) => void put(record, name, number);
export const setU64 = (record, name, number) => void put(record, name, number);
export const setText = (record, name, text) => void put(record, name, text);
// The bytes lie in WebAssembly's memory and are gone after the call.
export const setBytes = (record, name, bytes) => void put(record, name, bytes.slice());
export const setHex = (record, name, bytes) => void put(record, name, hex(bytes));
export const setUint = (record, name, bytes) => void put(record, name, BigInt(hex(bytes)));

export function hex(bytes) {
  let text = "0x";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

function put(record, name, value) {
  if (Array.isArray(record)) record.push(value);
  else record[name] = value;
  return value;
}
