// Compresses what `vite build` wrote into `assets/`, and puts the licences of everything bundled beside it.
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const ALLOWED = ["0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT"];

const pack = (name, bytes) => writeFileSync(join("assets", `${name}.gz`), gzipSync(bytes, { level: 9 }));

rmSync("assets", { recursive: true, force: true });
mkdirSync("assets");
for (const name of readdirSync("built").filter((name) => statSync(join("built", name)).isFile())) {
  pack(name, readFileSync(join("built", name)));
}
pack("csrf.js", readFileSync("csrf.js"));

const texts = JSON.parse(readFileSync("packages.json", "utf8")).map((folder) => {
  const { license, name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  if (!ALLOWED.includes(license)) throw new Error(`${name} has the licence ${license}, which is not among ${ALLOWED}`);
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice|thirdpartynotices)/i.test(file));
  const texts = files.map((file) => readFileSync(join(folder, file), "utf8").trim());
  return [`${name} ${version} (${license})`, ...texts].join("\n\n");
});
// Monaco's package does not say it, its source does.
texts.push("codicon.ttf: the icons of https://github.com/microsoft/vscode-codicons by Microsoft (CC-BY-4.0), unchanged");
pack("licenses.txt", `${texts.join(`\n\n${"-".repeat(80)}\n\n`)}\n`);
console.log(`${texts.length - 1} packages bundled`);
