// A file of its own because the generated pkg/opsign.js imports it, too: Rust throws this class.

export class OpsignError extends Error {
  constructor(code, number, message, options) {
    super(message, options);
    this.name = "OpsignError";
    this.code = code;
    this.number = number;
  }
}
