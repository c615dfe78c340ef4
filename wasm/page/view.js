// Elements and the pieces of which every answer is made. Text goes in as text: no markup is parsed.

// h("p", { class: "hint" }, "text", child): an element. A property that is a function listens.
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child != null));
  return element;
}

const marks = {
  good: "M5 12.5l4.5 4.5L19 7.5",
  bad: "M6.5 6.5l11 11M17.5 6.5l-11 11",
  quiet: "M6 12h12",
};

// A round mark: good, bad or quiet. What it means stands beside it in words.
export function mark(kind) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", `mark ${kind}`);
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", marks[kind]);
  svg.append(path);
  return svg;
}

// The answer in one glance. Focus goes here, so that a reader hears it first.
export function verdict(kind, headline, ...lines) {
  return h(
    "section",
    { class: `verdict ${kind}`, tabindex: "-1" },
    mark(kind),
    h(
      "div",
      {},
      h("h2", {}, headline),
      lines.filter(Boolean).map((line) => h("p", {}, line)),
    ),
  );
}

export function card(title, ...children) {
  return h("section", { class: "card" }, h("h3", {}, title), ...children);
}

// Names and values; a row without a value is left out.
export function table(rows) {
  return h(
    "dl",
    {},
    rows
      .filter((row) => row && row[1] != null)
      .map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))),
  );
}

export function code(text) {
  return h("code", {}, text);
}

// Bytes that may be many: the first of them, and the rest on demand.
const FEW = 256;

export function bytes(value) {
  const text = typeof value === "string" ? value : hexOf(value);
  const length = text.length / 2 - 1;
  if (length === 0) return h("span", { class: "quiet" }, "no bytes");
  if (length <= FEW) return code(text);
  const shown = code(`${text.slice(0, 2 + 2 * FEW)}…`);
  const more = h(
    "button",
    {
      type: "button",
      class: "link",
      click: () => {
        shown.textContent = text;
        more.remove();
      },
    },
    `Show all ${count(length, "byte")}`,
  );
  return h("div", {}, shown, more);
}

export function count(number, word) {
  return `${grouped(number)} ${word}${BigInt(number) === 1n ? "" : "s"}`;
}

// Digits in groups of three, with narrow spaces that no program reads as a mark.
export function grouped(number) {
  return String(number).replaceAll(/\B(?=(\d{3})+$)/g, "\u202f");
}

const UNITS = [
  [18, "ETH"],
  [9, "gwei"],
];

// Wei in the unit that suits, with the exact number of wei behind it.
export function wei(value) {
  for (const [digits, unit] of UNITS) {
    const one = 10n ** BigInt(digits);
    if (value < one / 1000n) continue;
    const rest = String(value % one)
      .padStart(digits, "0")
      .replace(/0+$/, "");
    return `${grouped(value / one)}${rest === "" ? "" : `.${rest}`} ${unit}`;
  }
  return `${grouped(value)} wei`;
}

// Seconds since 1970 as a date, where a date can be made of them.
export function time(seconds) {
  const date = new Date(Number(seconds) * 1000);
  if (Number.isNaN(date.getTime())) return grouped(seconds);
  const text = date
    .toISOString()
    .replace("T", " ")
    .replace(/\.000Z$/, " UTC");
  return h("span", {}, text, " ", h("span", { class: "quiet" }, String(seconds)));
}

export function hexOf(value) {
  let text = "0x";
  for (const byte of value) text += byte.toString(16).padStart(2, "0");
  return text;
}

// What an error says, as a sentence.
export function sentence(error) {
  const text = String(error?.message ?? error);
  return `${text[0].toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
}
