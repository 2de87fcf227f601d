// Drives a real Chromium through steps read from standard input, and answers what each step saw.
// No step runs a script of the pages: they have none.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(new URL("../interop/package.json", import.meta.url));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const job = JSON.parse(readFileSync(0, "utf8"));

const browser = await chromium.launch({
  executablePath: job.chromium,
  headless: true,
  args: [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--font-render-hinting=none",
  ],
});
const context = await browser.newContext({
  viewport: { width: job.width ?? 1280, height: job.height ?? 800 },
  colorScheme: job.scheme ?? "light",
  locale: job.locale ?? "fr-FR",
  javaScriptEnabled: job.scripts ?? false,
  ignoreHTTPSErrors: true,
  reducedMotion: "reduce",
});
const page = await context.newPage();
page.setDefaultTimeout(15000);
const requests = new Set();
const complaints = [];
page.on("request", (request) => requests.add(new URL(request.url()).origin));
page.on("console", (message) => {
  if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
});

const focused = () =>
  page.evaluate(() => {
    const element = document.activeElement;
    const style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    return {
      tag: element.tagName.toLowerCase(),
      name: element.getAttribute("name") ?? "",
      href: element.getAttribute("href") ?? "",
      text: (element.innerText ?? "").trim().slice(0, 80),
      outline: `${style.outlineStyle} ${style.outlineWidth}`,
      inside: box.right > 0 && box.bottom > 0 && box.left < innerWidth && box.top < innerHeight,
    };
  });

const steps = {
  goto: async (step) => (await page.goto(job.url + step.path, { waitUntil: "load" })).status(),
  press: async (step) => {
    const loaded = step.lands ? page.waitForEvent("load") : null;
    await page.keyboard.press(step.key);
    await loaded;
    if (step.lands) await page.waitForURL((url) => url.pathname === step.lands);
    return focused();
  },
  // Tab until what has the focus fits, and Enter if asked: nothing but the keyboard.
  reach: async (step) => {
    const seen = [];
    for (let n = 0; n < (step.most ?? 60); n += 1) {
      await page.keyboard.press("Tab");
      const here = await focused();
      seen.push(here);
      if (Object.entries(step.what).every(([key, value]) => here[key].startsWith(value))) break;
    }
    return seen;
  },
  type: async (step) => page.keyboard.type(step.text),
  text: async () => (await page.locator("body").innerText()).trim(),
  title: async () => page.title(),
  where: async () => new URL(page.url()).pathname + new URL(page.url()).search,
  html: async () => page.content(),
  shot: async (step) => {
    await page.screenshot({ path: step.file, fullPage: step.whole ?? false });
    return step.file;
  },
  print: async (step) => {
    await page.emulateMedia({ media: "print" });
    const rail = await page.locator(".rail").isVisible();
    if (step.file) await page.screenshot({ path: step.file, fullPage: true });
    await page.emulateMedia({ media: "screen" });
    return rail;
  },
  contrast: async (step) => page.emulateMedia({ contrast: step.more ? "more" : null }),
  overflow: async () =>
    page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth),
  small: async () =>
    page.evaluate(() =>
      [...document.querySelectorAll("input:not([type=hidden]):not([type=radio]), select, button, .rail nav a")]
        .filter((element) => element.getBoundingClientRect().height < 48)
        .map((element) => element.outerHTML.slice(0, 120)),
    ),
  axe: async () => {
    await page.evaluate(axe);
    const found = await page.evaluate(() =>
      globalThis.axe.run(document, {
        runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
      }),
    );
    return found.violations.map((one) => ({
      id: one.id,
      where: one.nodes.slice(0, 5).map((node) => `${node.target}: ${node.failureSummary}`),
    }));
  },
};

const answers = [];
try {
  for (const step of job.steps) answers.push(await steps[step.do](step));
} catch (error) {
  answers.push({ failed: String(error).slice(0, 2000), at: page.url() });
} finally {
  await browser.close();
}
process.stdout.write(JSON.stringify({ answers, requests: [...requests], complaints }));
