// Fields: reading them, and saying below one what is wrong with it.
import { count, h, sentence } from "./view.js";

// What is wrong with one field.
export class FieldError extends Error {
  constructor(field, error) {
    super(sentence(error));
    this.field = field;
  }
}

// Runs work whose failures are about one field.
export function about(field, work) {
  try {
    return work();
  } catch (error) {
    throw new FieldError(field, error);
  }
}

// Calls `answer` when the form is sent. What it throws about a field is shown there.
export function onSubmit(form, answer) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearErrors(form);
    try {
      answer();
    } catch (error) {
      if (!(error instanceof FieldError)) throw error;
      showError(error);
    }
  });
  // Enter makes a new line in a text; with Ctrl or Command it sends, and so it does in fields that
  // are texts only so that long hex wraps.
  form.addEventListener("keydown", (event) => {
    const oneLine = event.target.matches("textarea.hex");
    if (event.key !== "Enter" || !(oneLine || event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    form.requestSubmit();
  });
  form.addEventListener("input", ({ target }) => clearError(target));
}

function showError({ field, message }) {
  const id = `${field.id}-error`;
  const line = h("p", { class: "error", id }, message);
  field.closest(".field").append(line);
  field.setAttribute("aria-invalid", "true");
  field.setAttribute(
    "aria-describedby",
    `${field.getAttribute("aria-describedby") ?? ""} ${id}`.trim(),
  );
  field.closest("details")?.setAttribute("open", "");
  field.focus();
}

function clearErrors(form) {
  for (const field of form.querySelectorAll("[aria-invalid]")) clearError(field);
}

function clearError(field) {
  if (!field.hasAttribute("aria-invalid")) return;
  field.removeAttribute("aria-invalid");
  const line = document.getElementById(`${field.id}-error`);
  line?.remove();
  const others = field
    .getAttribute("aria-describedby")
    .split(" ")
    .filter((id) => id !== line?.id);
  if (others.length > 0) field.setAttribute("aria-describedby", others.join(" "));
  else field.removeAttribute("aria-describedby");
}

export function chosen(form, name) {
  return form.querySelector(`input[name="${name}"]:checked`).value;
}

export function choose(form, name, value) {
  const input = form.querySelector(`input[name="${name}"][value="${value}"]`);
  input.checked = true;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

// What a field of one line holds, without the blanks and line ends that pasting brings.
export function textIn(field) {
  return field.value.replaceAll(/\s+/g, "");
}

// A whole number, or undefined for an empty field.
export function numberIn(field) {
  const text = textIn(field);
  if (text === "") return undefined;
  return about(field, () => {
    if (!/^\d+$/.test(text)) throw new Error("This must be a whole number in decimal digits.");
    const number = BigInt(text);
    if (number >> 64n > 0n) throw new Error("This number has more than 64 bits.");
    return number;
  });
}

// Bytes from hex text: with or without 0x, blanks and line ends left out.
export function hexIn(field) {
  return about(field, () => hexBytes(field.value));
}

export function hexBytes(text) {
  const digits = text.replaceAll(/\s+/g, "").replace(/^0x/i, "");
  if (digits === "") throw new Error("There is nothing here yet: paste hex or open a file.");
  const wrong = digits.search(/[^\da-f]/i);
  if (wrong >= 0) throw new Error(`“${digits[wrong]}” is no hex digit (digit ${wrong + 1}).`);
  if (digits.length % 2 === 1) {
    throw new Error(`Hex has two digits a byte, and here are ${digits.length}: one is missing.`);
  }
  const bytes = new Uint8Array(digits.length / 2);
  for (let at = 0; at < bytes.length; at++) {
    bytes[at] = Number.parseInt(digits.slice(2 * at, 2 * at + 2), 16);
  }
  return bytes;
}

// No message or payload has more.
const LARGEST_FILE = 64 << 20;

// A field of bytes: text in hex, or a file that is dropped on it or opened. Gives `read()`.
export function bytesField(block) {
  const area = block.querySelector("textarea");
  const form = block.closest("form");
  let file;
  const picker = h("input", { type: "file", hidden: true, tabindex: "-1", "aria-hidden": "true" });
  const open = h("button", { type: "button", click: () => picker.click() }, "Open a file…");
  const name = h("span", {});
  const drop = h(
    "button",
    { type: "button", class: "link", click: () => take(undefined, area) },
    "Remove",
  );
  const chip = h("p", { class: "chip", role: "status", hidden: true }, name, drop);
  area.after(chip, h("div", { class: "file" }, open, picker));

  function take(next, focus) {
    file = next;
    area.hidden = file !== undefined;
    chip.hidden = file === undefined;
    if (file !== undefined) name.textContent = `${file.name}, ${count(file.bytes.length, "byte")}`;
    focus?.focus();
  }

  async function load(source) {
    clearErrors(form);
    try {
      if (source.size > LARGEST_FILE) {
        throw new Error(`${source.name} has ${count(source.size, "byte")}, more than any message.`);
      }
      const bytes = new Uint8Array(await source.arrayBuffer());
      take({ name: source.name, bytes: textOf(bytes) ?? bytes }, drop);
    } catch (error) {
      take(undefined);
      showError(new FieldError(area, error));
    }
  }

  picker.addEventListener("change", () => {
    if (picker.files.length > 0) load(picker.files[0]);
    picker.value = "";
  });
  block.addEventListener("dragover", (event) => {
    event.preventDefault();
    block.classList.add("dropping");
  });
  block.addEventListener("dragleave", () => block.classList.remove("dropping"));
  block.addEventListener("drop", (event) => {
    event.preventDefault();
    block.classList.remove("dropping");
    const [dropped] = event.dataTransfer.files;
    if (dropped !== undefined) load(dropped);
  });

  return {
    area,
    read: () => file?.bytes ?? hexIn(area),
    write(text) {
      take(undefined);
      area.value = text;
    },
  };
}

// The bytes that a file of hex text stands for; undefined for any other. No message is all
// printable text: its numbers have zero bytes.
function textOf(bytes) {
  if (bytes.some((byte) => byte >= 0x7f || (byte < 0x20 && ![9, 10, 13].includes(byte)))) return;
  if (bytes.length === 0) throw new Error("The file is empty.");
  return hexBytes(new TextDecoder().decode(bytes));
}
