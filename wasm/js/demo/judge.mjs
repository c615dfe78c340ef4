// Asks the npm package, in Node, about a block signature. See README.md.
import * as opsign from "opsign";

import { end, readArguments, report } from "./arguments.js";
import { judge } from "./judge.js";

const given = readArguments("judge.mjs");
await opsign.init();
try {
  report(`opsign in Node ${process.version}`, judge(opsign, given));
} catch (error) {
  if (!(error instanceof opsign.OpsignError)) throw error;
  end(65, error.message);
}
