// Bundles GraphiQL and its workers into files with fixed names, and notes which packages are in them.
import { writeFileSync } from "node:fs";
import { defineConfig } from "vite";

const packages = new Set();

const notePackages = {
  name: "note-packages",
  generateBundle() {
    for (const id of this.getModuleIds()) {
      const found = /^.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(id);
      if (found && !found[1].startsWith("\0")) packages.add(found[0].slice(found[0].indexOf("node_modules")));
    }
  },
  closeBundle() {
    writeFileSync("packages.json", JSON.stringify([...packages].sort()));
  },
};

// The embedded fonts are most of GraphiQL's style sheet. The system's do as well; Monaco's icons stay, as a file.
const withoutFonts = {
  name: "without-fonts",
  enforce: "pre",
  transform: (code, id) => (/graphiql\/dist\/style\.css$/.test(id) ? code.replace(/@font-face\s*\{[^}]*\}/g, "") : undefined),
};

export default defineConfig({
  base: "./",
  define: { "process.env.NODE_ENV": JSON.stringify("production") },
  plugins: [withoutFonts, notePackages],
  worker: {
    format: "es",
    plugins: () => [notePackages],
    rollupOptions: { output: { entryFileNames: "[name].js", comments: { legal: false } } },
  },
  build: {
    outDir: "built",
    target: "es2022",
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    modulePreload: false,
    chunkSizeWarningLimit: 10_000,
    rollupOptions: {
      input: "explorer.jsx",
      output: {
        codeSplitting: false,
        entryFileNames: "[name].js",
        assetFileNames: "[name][extname]",
        comments: { legal: false },
      },
    },
  },
});
