// The npm tarball, unpacked where nothing else of this repository is.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

// Gives the folder of a project in which the package is installed, and the package's own.
export function unpack(t) {
  const project = mkdtempSync(join(tmpdir(), "opsign-packed-"));
  t.after(() => rmSync(project, { recursive: true }));
  const source = fileURLToPath(new URL("..", import.meta.url));
  const args = ["pack", "--silent", "--ignore-scripts", "--pack-destination", project];
  execFileSync("npm", args, { cwd: source, stdio: "pipe" });
  const [tarball] = readdirSync(project);
  const installed = join(project, "node_modules", "opsign");
  mkdirSync(installed, { recursive: true });
  execFileSync("tar", ["-xzf", join(project, tarball), "-C", installed, "--strip-components=1"]);
  return { project, installed: pathToFileURL(`${installed}/`) };
}
